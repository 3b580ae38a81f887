{{/* Name of the chart's objects: the release's, with the chart's behind it unless it is in there. */}}
{{- define "firstseen.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "firstseen.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "firstseen.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* What selects the pods of firstseen: never changes over the life of a release. */}}
{{- define "firstseen.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: receiver
{{- end }}

{{- define "firstseen.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: firstseen
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Of what belongs to the installation as a whole: resource definitions and roles for people. */}}
{{- define "firstseen.sharedLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{ include "firstseen.commonLabels" . }}
{{- end }}

{{- define "firstseen.labels" -}}
{{ include "firstseen.selectorLabels" . }}
{{ include "firstseen.commonLabels" . }}
{{- end }}

{{/* An image from a mapping with repository, tag and digest, and the tag to take if there is neither. */}}
{{- define "firstseen.imageOf" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .tag .image.tag) -}}
{{- end -}}
{{- end }}

{{- define "firstseen.image" -}}
{{- include "firstseen.imageOf" (dict "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end }}

{{- define "firstseen.claimName" -}}
{{- default (printf "%s-state" (include "firstseen.fullname" .)) .Values.state.sqlite.persistence.existingClaim -}}
{{- end }}

{{/* The Secret that the receiver mounts, whoever fills it. */}}
{{- define "firstseen.tlsSecretName" -}}
{{- if eq .Values.tls.mode "existingSecret" -}}
{{- .Values.tls.existingSecret -}}
{{- else -}}
{{- include "firstseen.fullname" . }}-tls
{{- end -}}
{{- end }}

{{/* The Service's address: the one that it has, else the one that is asked for, else nothing. */}}
{{- define "firstseen.clusterIP" -}}
{{- $live := dig "spec" "clusterIP" "" (lookup "v1" "Service" .Release.Namespace (include "firstseen.fullname" .) | default dict) -}}
{{- default .Values.service.clusterIP $live -}}
{{- end }}

{{/* The name in the receiver's certificate that API servers check, as they are given an address. */}}
{{- define "firstseen.serverName" -}}
{{- printf "%s.%s.svc" (include "firstseen.fullname" .) .Release.Namespace -}}
{{- end }}

{{/* All names and addresses of the receiver's certificate, as JSON. */}}
{{- define "firstseen.subjectNames" -}}
{{- $name := include "firstseen.fullname" . -}}
{{- $service := include "firstseen.serverName" . -}}
{{- $dns := concat (list $name (printf "%s.%s" $name .Release.Namespace) $service (printf "%s.cluster.local" $service) "localhost") .Values.tls.dnsNames -}}
{{- $ips := concat (list "127.0.0.1" "::1") (compact (list .Values.service.clusterIP)) .Values.tls.ipAddresses -}}
{{- dict "dns" (uniq $dns) "ips" (uniq $ips) | toJson -}}
{{- end }}

{{/* The cluster whose API servers get the client certificate that is made: the local one, else the first. */}}
{{- define "firstseen.senderCluster" -}}
{{- $names := list -}}
{{- range .Values.config.receiver.clusters -}}{{- $names = append $names .name -}}{{- end -}}
{{- $local := dig "kubernetes" "localCluster" "local" .Values.config -}}
{{- has $local $names | ternary $local (first $names) -}}
{{- end }}

{{/* The common name of that certificate: the first of the cluster's clientNames, if it has any. */}}
{{- define "firstseen.clientName" -}}
{{- $sender := include "firstseen.senderCluster" . -}}
{{- $name := printf "kube-apiserver-%s" $sender -}}
{{- range .Values.config.receiver.clusters -}}
{{- if and (eq .name $sender) .clientNames -}}{{- $name = first .clientNames -}}{{- end -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{/* Ends the rendering where Helm cannot look into the cluster: (list $ "what needs it" "what to do instead"). */}}
{{- define "firstseen.requireLookup" -}}
{{- if not (lookup "v1" "Namespace" "" "kube-system") -}}
{{- fail (printf "%s, and must look into the cluster to keep what an earlier run made. This run cannot (helm template, --dry-run=client, Argo CD), so it would make a new one each time. Use helm install and helm upgrade (or --dry-run=server, or Flux), or %s" (index . 0) (index . 1)) -}}
{{- end -}}
{{- end }}
