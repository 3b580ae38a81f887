{{/*
A certificate and its key as JSON: the existing pair while it fits, else a new one. Takes a mapping:
  old      the existing Secret with tls.crt and tls.key, or empty
  ca       the CA, from genCA
  name     the common name
  dns, ips further names and addresses
  days     validity of a new certificate
  renewBefore  days before expiry when an existing certificate is replaced
Helm cannot parse a certificate, so annotations of the Secret hold its purpose and expiry.
*/}}
{{- define "firstseen.certificate" -}}
{{- $data := .old.data | default dict -}}
{{- $said := dig "metadata" "annotations" dict .old | default dict -}}
{{- $for := list .name .dns .ips .ca.Cert | toJson | sha256sum -}}
{{- $ends := toDate "2006-01-02T15:04:05Z07:00" (get $said "firstseen.dev/not-after" | default "1970-01-01T00:00:00Z") | unixEpoch | int64 -}}
{{- $least := add (now | unixEpoch | int64) (mul 86400 (int64 .renewBefore)) -}}
{{- if and (get $data "tls.crt") (get $data "tls.key") (eq $for (get $said "firstseen.dev/made-for")) (gt $ends $least) -}}
{{- dict "crt" (get $data "tls.crt" | b64dec) "key" (get $data "tls.key" | b64dec) "notAfter" (get $said "firstseen.dev/not-after") "madeFor" $for | toJson -}}
{{- else -}}
{{- $made := genSignedCertWithKey .name .ips .dns (int .days) .ca (genPrivateKey "ecdsa") -}}
{{- $notAfter := dateInZone "2006-01-02T15:04:05Z07:00" (now | dateModify (printf "%dh" (mul 24 (int .days)))) "UTC" -}}
{{- dict "crt" $made.Cert "key" $made.Key "notAfter" $notAfter "madeFor" $for | toJson -}}
{{- end -}}
{{- end }}

{{/* The kubeconfig of the audit webhook: (list $ "authorities" "certificate" "key"), in PEM. */}}
{{- define "firstseen.webhookKubeconfig" -}}
{{- $root := index . 0 -}}
apiVersion: v1
kind: Config
clusters:
  - name: firstseen
    cluster:
      {{- if eq $root.Values.mode "DaemonSet" }}
      server: https://127.0.0.1:{{ $root.Values.daemonSet.auditPort }}/audit
      {{- else }}
      {{- $ip := include "firstseen.clusterIP" $root | default "CLUSTER-IP" }}
      server: https://{{ contains ":" $ip | ternary (printf "[%s]" $ip) $ip }}:{{ $root.Values.service.port }}/audit
      tls-server-name: {{ include "firstseen.serverName" $root }}
      {{- end }}
      certificate-authority-data: {{ index . 1 | b64enc }}
users:
  - name: kube-apiserver
    user:
      client-certificate-data: {{ index . 2 | b64enc }}
      client-key-data: {{ index . 3 | b64enc }}
contexts:
  - name: audit
    context:
      cluster: firstseen
      user: kube-apiserver
current-context: audit
{{- end }}
