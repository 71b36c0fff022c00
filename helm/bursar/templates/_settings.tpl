{{/* Plain settings of each process; what is secret comes by reference in its own manifest. */}}
{{- define "bursar.commonSettings" -}}
BURSAR_DATABASE_POOL_SIZE: {{ .Values.settings.databasePoolSize | quote }}
BURSAR_LOG_LEVEL: {{ .Values.settings.logLevel }}
{{- with .Values.settings.fulfilmentUrl }}
BURSAR_FULFILMENT_URL: {{ . | quote }}
{{- end }}
{{- with .Values.settings.webhookDeniedNetworks }}
BURSAR_WEBHOOK_DENIED_NETWORKS: {{ join "," . | quote }}
{{- end }}
{{- if .Values.secrets.gateways.existingSecret }}
BURSAR_SECRETS_DIRECTORY: /run/secrets/gateways
{{- end }}
{{- end }}

{{- define "bursar.apiSettings" -}}
BURSAR_HOST: 0.0.0.0
BURSAR_PORT: {{ .Values.api.port | quote }}
BURSAR_WORKERS: {{ .Values.api.processes | quote }}
BURSAR_SHUTDOWN_GRACE_SECONDS: {{ .Values.api.shutdownGraceSeconds | quote }}
{{ include "bursar.commonSettings" . }}
{{- end }}

{{- define "bursar.workerSettings" -}}
BURSAR_HOST: 0.0.0.0
BURSAR_WORKER_PORT: {{ .Values.worker.port | quote }}
BURSAR_WORKER_CONCURRENCY: {{ .Values.worker.concurrency | quote }}
BURSAR_SHUTDOWN_GRACE_SECONDS: {{ .Values.worker.shutdownGraceSeconds | quote }}
{{ include "bursar.commonSettings" . }}
{{- if .Values.secrets.checkpointKey.existingSecret }}
BURSAR_CHECKPOINT_KEY_FILE: /run/secrets/bursar/checkpoint.pem
{{- end }}
{{- if .Values.checkpoints.existingClaim }}
BURSAR_CHECKPOINT_DIRECTORY: /var/lib/bursar/checkpoints
{{- end }}
{{- end }}

{{/* Secrets that the API and the worker share, as variables that refer to them. */}}
{{- define "bursar.commonSecrets" -}}
{{ include "bursar.secretVariable" (dict "name" "BURSAR_DATABASE_URL" "secret" .Values.secrets.database) }}
{{ include "bursar.secretVariable" (dict "name" "BURSAR_REDIS_URL" "secret" .Values.secrets.redis) }}
{{ include "bursar.secretVariable" (dict "name" "BURSAR_ENCRYPTION_KEY" "secret" .Values.secrets.encryptionKey) }}
{{- if .Values.secrets.fulfilmentToken.existingSecret }}
{{ include "bursar.secretVariable" (dict "name" "BURSAR_FULFILMENT_TOKEN" "secret" .Values.secrets.fulfilmentToken) }}
{{- end }}
{{- end }}
