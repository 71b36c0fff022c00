{{/* The restricted Pod Security Standard, and a root file system that cannot be written. 10001 is the image's user. */}}
{{- define "bursar.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "bursar.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where a pod of this component (a part of the values) runs. */}}
{{- define "bursar.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Not two on one node, not all in one zone, as far as the cluster allows. */}}
{{- define "bursar.spread" -}}
{{- range $topology := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $topology }}
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels:
      {{- include "bursar.selector" $.root | nindent 6 }}
      app.kubernetes.io/component: {{ $.component }}
{{- end }}
{{- end }}

{{/* One variable out of a Secret. */}}
{{- define "bursar.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret.existingSecret }}
      key: {{ .secret.key }}
{{- end }}

{{/* Variables of the values, which may add to what the chart sets but not contradict it. */}}
{{- define "bursar.extraEnv" -}}
{{- range .extraEnv }}
{{- if has .name $.taken }}
{{- fail (printf "%s.extraEnv: %s is set by the chart; change the value it comes from" $.component .name) }}
{{- end }}
{{- end }}
{{- with .extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Long enough for the first connection; from then on liveness asks the event loop, readiness PostgreSQL. */}}
{{- define "bursar.probes" -}}
startupProbe:
  httpGet: {path: /live, port: http}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /live, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /ready, port: http}
  periodSeconds: 5
  timeoutSeconds: 4
  failureThreshold: 2
{{- end }}

{{/* The providers' secrets, as files: read anew when they are used, so that a new one needs no new pod. */}}
{{- define "bursar.gatewaySecretsMount" -}}
{{- if .Values.secrets.gateways.existingSecret }}
- {name: gateway-secrets, mountPath: /run/secrets/gateways, readOnly: true}
{{- end }}
{{- end }}

{{- define "bursar.gatewaySecretsVolume" -}}
{{- with .Values.secrets.gateways }}
{{- if .existingSecret }}
- name: gateway-secrets
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items: {{- toYaml .items | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}
