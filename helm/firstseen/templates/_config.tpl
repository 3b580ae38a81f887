{{/*
The program's configuration file: .Values.config, and what the pod itself fixes (ports, mounted files, state, rules). The
schema of the values keeps the two apart. What may hold a password comes from its Secret, in the environment.
*/}}
{{- define "firstseen.config" -}}
{{- $onNode := eq .Values.mode "DaemonSet" -}}
{{- $tls := dict "certFile" "/etc/firstseen/tls/tls.crt" "keyFile" "/etc/firstseen/tls/tls.key" "clientCAFile" "/etc/firstseen/tls/ca.crt" -}}
{{- $listen := $onNode | ternary (printf "127.0.0.1:%d" (int .Values.daemonSet.auditPort)) "0.0.0.0:9443" -}}
{{- $ops := $onNode | ternary (printf "%s:%d" .Values.daemonSet.opsAddress (int .Values.daemonSet.opsPort)) "0.0.0.0:9444" -}}
{{- $fixed := dict
  "receiver" (dict "listen" $listen "tls" $tls "clusters" (include "firstseen.clusters" . | fromYamlArray))
  "ops" (dict "listen" $ops)
  "kubernetes" (dict "events" (dict "lookUp" .Values.eventTargets.lookup))
  "tamper" (include "firstseen.tamper" . | fromYaml)
  "state" (include "firstseen.state" . | fromYaml)
-}}
{{- with include "firstseen.rulePaths" . | fromYamlArray -}}
{{- $_ := set $fixed "rules" (dict "paths" .) -}}
{{- end -}}
{{- mergeOverwrite (deepCopy .Values.config) $fixed | toYaml -}}
{{- end }}

{{/* The clusters, with the common name of the generated client certificate added to its cluster. */}}
{{- define "firstseen.clusters" -}}
{{- $clusters := list -}}
{{- range .Values.config.receiver.clusters -}}
{{- $cluster := deepCopy . -}}
{{- if and (ne $.Values.tls.mode "existingSecret") (eq .name (include "firstseen.senderCluster" $)) (not (or .clientNames .token .tokenFile)) -}}
{{- $_ := set $cluster "clientNames" (list (include "firstseen.clientName" $)) -}}
{{- end -}}
{{- $clusters = append $clusters $cluster -}}
{{- end -}}
{{- toYaml $clusters -}}
{{- end }}

{{/*
The names, outside of namespaces, of this installation's objects, and the users who may change them: those of the values, and
cert-manager if it renews the certificates.
*/}}
{{- define "firstseen.tamper" -}}
{{- $name := include "firstseen.fullname" . -}}
{{- $names := list $name (printf "%s-*" $name) .Values.priorityClassName -}}
{{- $identities := dig "tamper" "identities" list .Values.config -}}
{{- if eq .Values.tls.mode "certManager" -}}
{{- $identities = append $identities "system:serviceaccount:cert-manager:cert-manager" -}}
{{- end -}}
{{- dict "names" (compact $names | uniq) "identities" (uniq $identities) | toYaml -}}
{{- end }}

{{- define "firstseen.rulePaths" -}}
{{- $paths := dig "rules" "paths" list .Values.config -}}
{{- range .Values.rules.configMaps -}}
{{- $paths = append $paths (printf "/etc/firstseen/rules/%s" .) -}}
{{- end -}}
{{- if .Values.rules.inline -}}
{{- $paths = append $paths "/etc/firstseen/rules/inline" -}}
{{- end -}}
{{- toYaml $paths -}}
{{- end }}

{{- define "firstseen.state" -}}
{{- if eq .Values.state.kind "sqlite" -}}
{{- dict "kind" "sqlite" "path" "/var/lib/firstseen/state.sqlite" | toYaml -}}
{{- else -}}
{{- $redis := .Values.state.redis -}}
{{- $state := merge (dict "kind" "redis" "durability" $redis.durability) (deepCopy $redis.options) -}}
{{- with $redis.auth.username -}}{{- $_ := set $state "username" . -}}{{- end -}}
{{- if .Values.valkey.enabled -}}
{{- $_ := set $state "url" (printf "redis://%s-valkey.%s.svc:6379/0" (include "firstseen.fullname" .) .Release.Namespace) -}}
{{- else if $redis.url -}}
{{- $_ := set $state "url" $redis.url -}}
{{- else if $redis.sentinel.nodes -}}
{{- $sentinel := dict "name" $redis.sentinel.name "nodes" $redis.sentinel.nodes -}}
{{- with $redis.sentinel.username -}}{{- $_ := set $sentinel "username" . -}}{{- end -}}
{{- $_ := set $state "sentinel" $sentinel -}}
{{- else if $redis.cluster.nodes -}}
{{- $_ := set $state "cluster" (dict "nodes" $redis.cluster.nodes) -}}
{{- end -}}
{{- with $redis.tls -}}
{{- if .enabled -}}
{{- $tls := dict -}}
{{- if .existingSecret -}}
{{- $_ := set $tls "caFile" "/etc/firstseen/redis/ca.crt" -}}
{{- if .certKey -}}
{{- $_ := set $tls "certFile" "/etc/firstseen/redis/tls.crt" -}}
{{- $_ := set $tls "keyFile" "/etc/firstseen/redis/tls.key" -}}
{{- end -}}
{{- end -}}
{{- with .serverName -}}{{- $_ := set $tls "serverName" . -}}{{- end -}}
{{- $_ := set $state "tls" $tls -}}
{{- end -}}
{{- end -}}
{{- toYaml $state -}}
{{- end -}}
{{- end }}

{{/* Settings of the state from Secrets. */}}
{{- define "firstseen.stateEnv" -}}
{{- $redis := .Values.state.redis -}}
{{- if eq .Values.state.kind "sqlite" }}
# For SQLite's temporary files, as the root file system is read-only.
- name: SQLITE_TMPDIR
  value: /var/lib/firstseen
{{- else }}
{{- if $redis.existingSecret }}
- name: FIRSTSEEN_STATE
  valueFrom:
    secretKeyRef:
      name: {{ $redis.existingSecret }}
      key: {{ $redis.key }}
{{- end }}
{{- if .Values.valkey.enabled }}
- name: FIRSTSEEN_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "firstseen.valkeySecretName" . }}
      key: {{ .Values.valkey.auth.passwordKey }}
{{- else if $redis.auth.existingSecret }}
- name: FIRSTSEEN_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $redis.auth.existingSecret }}
      key: {{ $redis.auth.passwordKey }}
{{- end }}
{{- if and $redis.sentinel.nodes $redis.sentinel.existingSecret }}
- name: FIRSTSEEN_REDIS_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $redis.sentinel.existingSecret }}
      key: {{ $redis.sentinel.passwordKey }}
{{- end }}
{{- end }}
{{- end }}
