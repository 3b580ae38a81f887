// Command apiserver is a real kube-apiserver and a real etcd in one process, for the end-to-end tests.
//
// It takes every flag of kube-apiserver, and one of its own: --etcd-dir. The embedded etcd listens on loopback ports
// that the system picks, so that two of these can run side by side; --etcd-servers is filled in from it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

const etcdStartTimeout = 30 * time.Second

func main() {
	os.Exit(cli.Run(newCommand()))
}

// newCommand wraps kube-apiserver's own command: etcd runs for as long as it does.
func newCommand() *cobra.Command {
	command := app.NewAPIServerCommand()
	etcdDir := command.Flags().String("etcd-dir", "", "folder that holds the embedded etcd's data (required)")
	if err := command.MarkFlagRequired("etcd-dir"); err != nil {
		panic(err) // the flag was defined on the line above
	}
	runAPIServer := command.RunE
	command.RunE = func(command *cobra.Command, arguments []string) error {
		etcd, err := startEtcd(command.Context(), *etcdDir)
		if err != nil {
			return fmt.Errorf("embedded etcd: %w", err)
		}
		defer etcd.Close()
		if err := command.Flags().Set("etcd-servers", "http://"+etcd.Clients[0].Addr().String()); err != nil {
			return err
		}
		return runAPIServer(command, arguments)
	}
	return command
}

// startEtcd starts a cluster of one member and waits until it serves.
func startEtcd(ctx context.Context, dir string) (*embed.Etcd, error) {
	anyLoopbackPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config := embed.NewConfig()
	config.Dir = dir
	config.LogLevel = "error"
	config.ListenClientUrls, config.AdvertiseClientUrls = anyLoopbackPort, anyLoopbackPort
	config.ListenPeerUrls, config.AdvertisePeerUrls = anyLoopbackPort, anyLoopbackPort
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// Writes survive a killed process without fsync, and no test cuts the machine's power.
	config.UnsafeNoFsync = true

	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err = <-etcd.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(etcdStartTimeout):
		err = errors.New("not ready after " + etcdStartTimeout.String())
	}
	etcd.Close()
	return nil, err
}
