{{/* The chart's labels, overridden by those of a monitoring object: (list $ .labels). */}}
{{- define "firstseen.monitoringLabels" -}}
{{- $own := include "firstseen.labels" (index . 0) | fromYaml -}}
{{- mergeOverwrite $own (index . 1) | toYaml -}}
{{- end }}
