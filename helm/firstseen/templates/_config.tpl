{{/*
The program's configuration file: .Values.config, and what the pod itself fixes (ports, mounted files, state). The schema of
the values keeps the two apart. The URL of Redis may hold a password, so it is not in here: it comes from its Secret as
FIRSTSEEN_STATE.
*/}}
{{- define "firstseen.config" -}}
{{- $tls := dict "certFile" "/etc/firstseen/tls/tls.crt" "keyFile" "/etc/firstseen/tls/tls.key" "clientCAFile" "/etc/firstseen/tls/ca.crt" -}}
{{- $fixed := dict
  "receiver" (dict "listen" "0.0.0.0:9443" "tls" $tls)
  "ops" (dict "listen" "0.0.0.0:9444")
  "kubernetes" (dict "events" (dict "lookUp" .Values.eventTargets.lookup))
-}}
{{- if eq .Values.state.kind "sqlite" -}}
{{- $_ := set $fixed "state" (dict "kind" "sqlite" "path" "/var/lib/firstseen/state.sqlite") -}}
{{- end -}}
{{- mergeOverwrite (deepCopy .Values.config) $fixed | toYaml -}}
{{- end }}
