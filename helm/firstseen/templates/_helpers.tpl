{{/* Name of the chart's objects: the release name, followed by the chart name unless it contains that. */}}
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

{{/* Selector labels of the pods, constant over the life of a release. */}}
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

{{/* Labels of cluster-wide objects: resource definitions and roles for users. */}}
{{- define "firstseen.sharedLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{ include "firstseen.commonLabels" . }}
{{- end }}

{{- define "firstseen.labels" -}}
{{ include "firstseen.selectorLabels" . }}
{{ include "firstseen.commonLabels" . }}
{{- end }}

{{/* An image from a mapping with repository, tag and digest, and a default tag. */}}
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

{{/* The Secret with the receiver's certificate. */}}
{{- define "firstseen.tlsSecretName" -}}
{{- if eq .Values.tls.mode "existingSecret" -}}
{{- .Values.tls.existingSecret -}}
{{- else -}}
{{- include "firstseen.fullname" . }}-tls
{{- end -}}
{{- end }}

{{/* The Service's address: the live one, else the requested one, else nothing. */}}
{{- define "firstseen.clusterIP" -}}
{{- $live := dig "spec" "clusterIP" "" (lookup "v1" "Service" .Release.Namespace (include "firstseen.fullname" .) | default dict) -}}
{{- default .Values.service.clusterIP $live -}}
{{- end }}

{{/* The name in the receiver's certificate that API servers verify. */}}
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

{{/* The cluster of the generated client certificate: the local one, else the first. */}}
{{- define "firstseen.senderCluster" -}}
{{- $names := list -}}
{{- range .Values.config.receiver.clusters -}}{{- $names = append $names .name -}}{{- end -}}
{{- $local := dig "kubernetes" "localCluster" "local" .Values.config -}}
{{- has $local $names | ternary $local (first $names) -}}
{{- end }}

{{/* The common name of that certificate: the cluster's first clientName, if any. */}}
{{- define "firstseen.clientName" -}}
{{- $sender := include "firstseen.senderCluster" . -}}
{{- $name := printf "kube-apiserver-%s" $sender -}}
{{- range .Values.config.receiver.clusters -}}
{{- if and (eq .name $sender) .clientNames -}}{{- $name = first .clientNames -}}{{- end -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{/* Fails if Helm cannot look up objects in the cluster: (list $ "what needs it" "what to do instead"). */}}
{{- define "firstseen.requireLookup" -}}
{{- if not (lookup "v1" "Namespace" "" "kube-system") -}}
{{- fail (printf "%s, and must look into the cluster to keep what an earlier run made. This run cannot (helm template, --dry-run=client, Argo CD), so it would make a new one each time. Use helm install and helm upgrade (or --dry-run=server, or Flux), or %s" (index . 0) (index . 1)) -}}
{{- end -}}
{{- end }}
