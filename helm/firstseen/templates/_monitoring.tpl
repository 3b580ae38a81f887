{{/* The chart's labels with those of an object of monitoring over them: (list $ .labels). */}}
{{- define "firstseen.monitoringLabels" -}}
{{- $own := include "firstseen.labels" (index . 0) | fromYaml -}}
{{- mergeOverwrite $own (index . 1) | toYaml -}}
{{- end }}
