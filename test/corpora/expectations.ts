/** What their rules are about, and which rules of the pack are about the same. Empty: none is, and `NOT_ABOUT` says why. */
export const SAME_SUBJECT: Readonly<Record<string, readonly string[]>> = {
  'Attach/Exec Pod': ['exec-into-pod', 'exec-first-use'],
  'ClusterRole With Pod Exec Created': ['role-grants-exec'],
  'ClusterRole With Wildcard Created': ['role-with-wildcards'],
  'Create HostNetwork Pod': ['host-network-pod'],
  'Create Privileged Pod': ['privileged-pod-created'],
  'Create Sensitive Mount Pod': ['host-path-pod'],
  'GCP.K8S.Service.Type.NodePort.Deployed': ['node-port-new-author'],
  'GCP.K8s.New.Daemonset.Deployed': ['daemonset-new-author'],
  'GCP.K8s.Pod.Attached.To.Node.Host.Network': ['host-network-pod'],
  'GCP.K8s.Pod.Using.Host.PID.Namespace': ['host-pid-or-ipc-pod'],
  'K8s Namespace Deleted': ['namespace-deleted-first-use'],
  'K8s Role/Clusterrole Created': ['rbac-first-write'],
  'K8s Role/Clusterrole Deleted': ['rbac-first-write'],
  'K8s Role/Clusterrolebinding Deleted': ['rbac-first-write'],
  'Kubernetes.AdmissionController.Created': ['admission-webhook-created'],
  'Kubernetes.BulkSecretAccess': ['many-secrets-read', 'secrets-listed-first-time', 'secret-read-refused'],
  'Kubernetes.CronJob.CreatedOrModified': ['cronjob-new-author'],
  'Kubernetes.DaemonSet.Created': ['daemonset-new-author'],
  'Kubernetes.Pod.Exec': ['exec-into-pod', 'exec-first-use'],
  'Kubernetes.Pod.Host.PID': ['host-pid-or-ipc-pod'],
  'Kubernetes.Pod.HostPath.Volume': ['host-path-pod'],
  'Kubernetes.Pod.Privileged.Created': ['privileged-pod-created'],
  'Kubernetes.Role.NodeProxyPermissions': ['role-grants-node-proxy'],
  'Kubernetes.Role.PodExec': ['role-grants-exec'],
  'Kubernetes.Role.Wildcard': ['role-with-wildcards'],
  'Kubernetes.Secret.AccessDenied': ['secret-read-refused'],
  'Kubernetes.Secrets.DumpAllNamespaces': ['secrets-listed-everywhere'],
  'Kubernetes.Service.NodePort.Deployed': ['node-port-new-author'],
  'Kubernetes.ServiceAccount.TokenCreated': ['token-requested'],
  'Kubernetes.System.Principal.PublicIP': ['service-account-from-public-address'],
  'Kubernetes.SystemRole.Modified': ['system-role-changed'],
  'Pod Created in Kube Namespace': ['kube-system-image', 'system-namespace-first-write'],
  'Service Account Created in Kube Namespace': ['system-namespace-first-write'],
  'System ClusterRole Modified/Deleted': ['system-role-changed'],
};

/** Why the pack has no rule about it. */
export const NOT_ABOUT: Readonly<Record<string, string>> = {
  'Create/Modify Configmap With Private Credentials':
    'the bodies of ConfigMaps stay out of the audit log, so that what is in them does not get into it',
  'GCP.K8s.IOC.Activity': 'no audit event of an API server, and needs a list of addresses',
  'K8s ConfigMap Created': 'daily work, a record and no detection',
  'K8s Deployment Created': 'daily work; what is wrong with a Deployment is for the rules over pods',
  'K8s Deployment Deleted': 'daily work; many of them are for many-things-deleted',
  'K8s Secret Deleted': 'daily work; many of them are for many-things-deleted',
  'K8s Service Created': 'daily work; what opens a port is for node-port-new-author',
  'Kubernetes.Ingress.NoTLS': 'a matter of policy and not of an attack',
};

/** Events of a subject that the pack has, which it does not alert on, by `rule: test`. */
export const MISSED: Readonly<Record<string, string>> = {
  'GCP.K8s.New.Daemonset.Deployed: privilege-escalation':
    'a log of another service of the cloud, which names no object of a cluster',
  'Kubernetes.BulkSecretAccess: User Gets a Secret':
    'one Secret is daily work; theirs counts them as well, and ten are for many-secrets-read',
  'Kubernetes.Pod.HostPath.Volume: AKS Pod With HostPath': '/mnt/data holds nothing that is the node’s',
  'Kubernetes.Pod.Privileged.Created: Pod with runAsUser=0 (root)':
    'root in a container is what most images are; it is not privileged',
  'Kubernetes.Pod.Privileged.Created: Run-As-Root Pod Created':
    'root in a container is what most images are; it is not privileged',
  'Kubernetes.Secret.AccessDenied: AKS failed secret get (401 Unauthorized)':
    'whoever is not authenticated has no name to be new',
  'Kubernetes.Secret.AccessDenied: EKS failed secret get (404 Not Found)':
    'programs look whether a Secret exists; names that are guesses count',
};

/** Events that their rule leaves alone and ours of the same subject does not, by `rule: test`. */
export const STRICTER: Readonly<Record<string, string>> = {
  'Kubernetes.Role.NodeProxyPermissions: Updating existing role (not creating)':
    'a role that is widened grants as much as a new one',
  'Kubernetes.Role.PodExec: Updating existing role (not creating)':
    'a role that is widened grants as much as a new one',
  'Kubernetes.Role.Wildcard: Updating existing role (not creating)':
    'a role that is widened grants as much as a new one',
  'Kubernetes.Secret.AccessDenied: List secrets operation (not get)': 'a list is as good as a get',
  'Kubernetes.System.Principal.PublicIP: AKS CSI Disk Driver from Azure Node':
    'which addresses are a cloud’s own is not known; the first day teaches them',
  'Kubernetes.System.Principal.PublicIP: AKS CSI File Driver from Azure Node':
    'which addresses are a cloud’s own is not known; the first day teaches them',
};
