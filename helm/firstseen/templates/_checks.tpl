{{/* Checks that a schema cannot express, or not in helpful words. Each message ends with what to do. */}}
{{- define "firstseen.checks" -}}
{{- $redis := .Values.state.redis -}}
{{- if and (eq .Values.tls.mode "existingSecret") (not .Values.tls.existingSecret) -}}
{{- fail "tls.existingSecret is required with tls.mode=existingSecret: name a Secret with tls.crt, tls.key and ca.crt, made with kubectl create secret generic firstseen-tls --from-file=tls.crt --from-file=tls.key --from-file=ca.crt" -}}
{{- end -}}
{{- if and .Values.tls.existingSecret (ne .Values.tls.mode "existingSecret") -}}
{{- fail (printf "tls.existingSecret is given, but tls.mode is %s: set tls.mode=existingSecret, or remove tls.existingSecret" .Values.tls.mode) -}}
{{- end -}}
{{- if eq .Values.tls.mode "existingSecret" -}}
{{- $given := lookup "v1" "Secret" .Release.Namespace .Values.tls.existingSecret -}}
{{- if hasKey (dig "metadata" "annotations" dict $given | default dict) "firstseen.dev/made-for" -}}
{{- fail (printf "the Secret %s was made by tls.mode=chart, and this upgrade would delete it under the running pods: copy it to another name, and set that in tls.existingSecret" .Values.tls.existingSecret) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.tls.mode "chart") (le (int .Values.tls.chart.certificateDays) (int .Values.tls.chart.renewBeforeDays)) -}}
{{- fail "tls.chart.certificateDays must be more than tls.chart.renewBeforeDays, or every upgrade would make new certificates: raise the first or lower the second" -}}
{{- end -}}
{{- if eq .Values.state.kind "sqlite" -}}
{{- if and (eq .Values.mode "Deployment") (gt (int .Values.replicas) 1) -}}
{{- fail "replicas must be 1 with state.kind=sqlite, because two processes cannot share the file: set replicas=1, or state.kind=redis" -}}
{{- end -}}
{{- if and (eq .Values.mode "DaemonSet") (not .Values.daemonSet.singleNode) -}}
{{- fail "mode=DaemonSet needs state.kind=redis: with SQLite each pod would learn alone and open its own alert for the same fact. Set state.kind=redis, or, if there is only one control-plane node, daemonSet.singleNode=true" -}}
{{- end -}}
{{- if .Values.valkey.enabled -}}
{{- fail "valkey.enabled needs state.kind=redis: set it, or valkey.enabled=false" -}}
{{- end -}}
{{- if or $redis.url $redis.existingSecret $redis.sentinel.nodes $redis.cluster.nodes -}}
{{- fail "state.redis is given, but state.kind is sqlite: set state.kind=redis, or remove state.redis" -}}
{{- end -}}
{{- else -}}
{{- if and (not $redis.tls.enabled) (or $redis.tls.existingSecret $redis.tls.certKey $redis.tls.serverName) -}}
{{- fail "state.redis.tls is given, but state.redis.tls.enabled is false, so the connection to Redis would be in plain text: set state.redis.tls.enabled=true, or remove the rest of state.redis.tls" -}}
{{- end -}}
{{- $places := list -}}
{{- if $redis.url -}}{{- $places = append $places "state.redis.url" -}}{{- end -}}
{{- if $redis.existingSecret -}}{{- $places = append $places "state.redis.existingSecret" -}}{{- end -}}
{{- if $redis.sentinel.nodes -}}{{- $places = append $places "state.redis.sentinel.nodes" -}}{{- end -}}
{{- if $redis.cluster.nodes -}}{{- $places = append $places "state.redis.cluster.nodes" -}}{{- end -}}
{{- if .Values.valkey.enabled -}}{{- $places = append $places "valkey.enabled" -}}{{- end -}}
{{- if ne (len $places) 1 -}}
{{- fail (printf "state.kind=redis needs exactly one of state.redis.url, state.redis.existingSecret, state.redis.sentinel.nodes, state.redis.cluster.nodes and valkey.enabled, found %s: set one" (empty $places | ternary "none" (join ", " $places))) -}}
{{- end -}}
{{- if and $redis.sentinel.nodes (not $redis.sentinel.name) -}}
{{- fail "state.redis.sentinel.name is required with state.redis.sentinel.nodes: the name of the master, as in sentinel monitor NAME in sentinel.conf" -}}
{{- end -}}
{{- if contains "@" $redis.url -}}
{{- fail "state.redis.url must not hold a user or a password, because it goes into a ConfigMap: use state.redis.auth.username and state.redis.auth.existingSecret, or put the whole URL into a Secret and set that as state.redis.existingSecret" -}}
{{- end -}}
{{- if and $redis.url (ne $redis.tls.enabled (hasPrefix "rediss:" $redis.url)) -}}
{{- fail "state.redis.url and state.redis.tls.enabled do not agree: rediss:// goes with tls.enabled=true, redis:// with false" -}}
{{- end -}}
{{- if and .Values.valkey.enabled (or $redis.tls.enabled $redis.auth.existingSecret $redis.auth.username) -}}
{{- fail "valkey.enabled makes its own password and has no TLS: remove state.redis.tls and state.redis.auth. To set the password, use valkey.auth.existingSecret" -}}
{{- end -}}
{{- if ne (empty $redis.tls.certKey) (empty $redis.tls.privateKeyKey) -}}
{{- fail "state.redis.tls.certKey and state.redis.tls.privateKeyKey go together: set both or none" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.mode "DaemonSet") (hasPrefix "127." .Values.daemonSet.opsAddress) (dig "podMonitor" "enabled" false (.Values.monitoring | default dict)) -}}
{{- fail "monitoring.podMonitor cannot reach health and metrics on 127.0.0.1: set daemonSet.opsAddress=0.0.0.0, which opens them to everyone who reaches the node, or disable the monitor" -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled -}}
{{- fail "monitoring.serviceMonitor and monitoring.podMonitor are both enabled, so each pod would be scraped and counted twice: disable one of them" -}}
{{- end -}}
{{- if eq .Values.mode "DaemonSet" -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- fail "replicas has no effect in mode=DaemonSet, which runs one pod on each control-plane node: remove it" -}}
{{- end -}}
{{- if eq (int .Values.daemonSet.auditPort) (int .Values.daemonSet.opsPort) -}}
{{- fail "daemonSet.auditPort and daemonSet.opsPort are the same: set another port for one of them" -}}
{{- end -}}
{{- end -}}
{{- $rules := dig "rules" dict (.Values.config | default dict) -}}
{{- if and (hasKey $rules "paths") (not $rules.paths) -}}
{{- fail "config.rules.paths is empty: remove it. To run without the pack, set config.rules.pack=none" -}}
{{- end -}}
{{- range $cluster := dig "receiver" "clusters" list (.Values.config | default dict) -}}
{{- if hasKey $cluster "token" -}}
{{- fail (printf "config.receiver.clusters: the token of %s would go into a ConfigMap: put it into a Secret, mount that with extraVolumes and extraVolumeMounts, and set the file as tokenFile" $cluster.name) -}}
{{- end -}}
{{- end -}}
{{- range $file, $_ := .Values.rules.inline -}}
{{- if not (regexMatch "^[-_a-zA-Z0-9][-._a-zA-Z0-9]*\\.(yaml|yml|toml|ndjson)$" $file) -}}
{{- fail (printf "rules.inline has a file %q: its name must end in .yaml, .yml, .toml or .ndjson, or its rules would not be read" $file) -}}
{{- end -}}
{{- end -}}
{{- if .Values.networkPolicy.enabled -}}
{{- if eq .Values.mode "DaemonSet" -}}
{{- fail "networkPolicy.enabled has no effect in mode=DaemonSet, whose pods use the node's network: set it to false. There the receiver listens on 127.0.0.1 only" -}}
{{- end -}}
{{- if and (or .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled) (not .Values.networkPolicy.opsFrom) -}}
{{- fail "networkPolicy.opsFrom is required with networkPolicy.enabled and a monitor, or Prometheus could not scrape: list who may connect, such as [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]" -}}
{{- end -}}
{{- if not .Values.networkPolicy.controlPlaneCIDRs -}}
{{- fail "networkPolicy.controlPlaneCIDRs is required with networkPolicy.enabled: list the addresses of your API servers, such as 192.0.2.10/32. kubectl get nodes -l node-role.kubernetes.io/control-plane -o wide shows the addresses" -}}
{{- end -}}
{{- end -}}
{{- end }}
