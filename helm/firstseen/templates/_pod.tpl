{{/* The pod of firstseen, for a Deployment and for a DaemonSet. */}}
{{- define "firstseen.podTemplate" -}}
{{- $onNode := eq .Values.mode "DaemonSet" -}}
{{- $sqlite := eq .Values.state.kind "sqlite" -}}
{{- $stop := add (int (dig "receiver" "lingerMs" 5000 .Values.config)) (int (dig "receiver" "drainMs" 20000 .Values.config)) -}}
metadata:
  labels:
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- include "firstseen.selectorLabels" . | nindent 4 }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    app.kubernetes.io/part-of: firstseen
  annotations:
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    checksum/config: {{ include "firstseen.config" . | sha256sum }}
    {{- with .Values.rules.inline }}
    checksum/rules: {{ toJson . | sha256sum }}
    {{- end }}
spec:
  serviceAccountName: {{ include "firstseen.serviceAccountName" . }}
  # Only a pod that writes alerts needs a token.
  automountServiceAccountToken: {{ dig "kubernetes" "enabled" true .Values.config }}
  enableServiceLinks: false
  {{- if $onNode }}
  hostNetwork: true
  # To resolve Redis and the API: by default, a pod in the node's network uses the node's DNS.
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  # More than receiver.lingerMs and receiver.drainMs, in which firstseen still takes requests.
  terminationGracePeriodSeconds: {{ add (div (add $stop 999) 1000) 15 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $onNode }}
  tolerations:
    - key: node-role.kubernetes.io/control-plane
      operator: Exists
    # RKE2 and k3s taint their servers with these.
    - key: node-role.kubernetes.io/etcd
      operator: Exists
    - key: CriticalAddonsOnly
      operator: Exists
    {{- with .Values.tolerations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- else }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity:
    {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if $onNode }}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions:
              # Any value: empty with kubeadm, true with k3s and RKE2.
              - key: node-role.kubernetes.io/control-plane
                operator: Exists
  {{- end }}
  {{- if not $onNode }}
  {{- if .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
  {{- else if gt (int .Values.replicas) 1 }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "firstseen.selectorLabels" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: firstseen
      image: {{ include "firstseen.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --config, /etc/firstseen/firstseen.yaml]
      env:
        - name: NODE_OPTIONS
          value: --max-old-space-size-percentage={{ .Values.heapPercent }}
        {{- if $onNode }}
        # All API servers send from 127.0.0.1, so metrics identify them by node.
        - name: FIRSTSEEN_NODE_NAME
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
        {{- end }}
        {{- with include "firstseen.stateEnv" . | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: audit
          containerPort: {{ $onNode | ternary .Values.daemonSet.auditPort 9443 }}
          protocol: TCP
        - name: ops
          containerPort: {{ $onNode | ternary .Values.daemonSet.opsPort 9444 }}
          protocol: TCP
      startupProbe:
        httpGet:
          {{- include "firstseen.probe" (list . "/livez") | nindent 10 }}
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 60
      livenessProbe:
        httpGet:
          {{- include "firstseen.probe" (list . "/livez") | nindent 10 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet:
          {{- include "firstseen.probe" (list . "/readyz") | nindent 10 }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - name: config
          mountPath: /etc/firstseen/firstseen.yaml
          subPath: firstseen.yaml
          readOnly: true
        - name: tls
          mountPath: /etc/firstseen/tls
          readOnly: true
        {{- if $sqlite }}
        - name: state
          mountPath: /var/lib/firstseen
        {{- else if and .Values.state.redis.tls.enabled .Values.state.redis.tls.existingSecret }}
        - name: redis-tls
          mountPath: /etc/firstseen/redis
          readOnly: true
        {{- end }}
        {{- range .Values.rules.configMaps }}
        - name: rules-{{ . | sha256sum | trunc 12 }}
          mountPath: /etc/firstseen/rules/{{ . }}
          readOnly: true
        {{- end }}
        {{- if .Values.rules.inline }}
        - name: rules-inline
          mountPath: /etc/firstseen/rules/inline
          readOnly: true
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "firstseen.fullname" . }}
    - name: tls
      secret:
        secretName: {{ include "firstseen.tlsSecretName" . }}
        defaultMode: 0440
        items:
          - { key: tls.crt, path: tls.crt }
          - { key: tls.key, path: tls.key }
          - { key: ca.crt, path: ca.crt }
    {{- if $sqlite }}
    - name: state
      {{- if or .Values.state.sqlite.persistence.enabled .Values.state.sqlite.persistence.existingClaim }}
      persistentVolumeClaim:
        claimName: {{ include "firstseen.claimName" . }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    {{- else }}
    {{- with .Values.state.redis.tls }}
    {{- if and .enabled .existingSecret }}
    - name: redis-tls
      secret:
        secretName: {{ .existingSecret }}
        defaultMode: 0440
        items:
          - { key: {{ .caKey }}, path: ca.crt }
          {{- if .certKey }}
          - { key: {{ .certKey }}, path: tls.crt }
          - { key: {{ .privateKeyKey }}, path: tls.key }
          {{- end }}
    {{- end }}
    {{- end }}
    {{- end }}
    {{- range .Values.rules.configMaps }}
    - name: rules-{{ . | sha256sum | trunc 12 }}
      configMap:
        name: {{ . }}
    {{- end }}
    {{- if .Values.rules.inline }}
    - name: rules-inline
      configMap:
        name: {{ include "firstseen.fullname" . }}-rules
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* The host of probes: the pod, or the node if firstseen listens on its loopback address. */}}
{{- define "firstseen.probe" -}}
{{- $root := index . 0 -}}
path: {{ index . 1 }}
port: ops
{{- if and (eq $root.Values.mode "DaemonSet") (hasPrefix "127." $root.Values.daemonSet.opsAddress) }}
host: {{ $root.Values.daemonSet.opsAddress }}
{{- end }}
{{- end }}
