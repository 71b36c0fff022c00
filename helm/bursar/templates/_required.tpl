{{/* Everything that is missing, told at once and before anything is rendered. */}}
{{- define "bursar.required" -}}
{{- $missing := list -}}
{{- if not .Values.image.repository -}}
{{- $missing = append $missing "image.repository: where your image of Bursar is" -}}
{{- end -}}
{{- if not .Values.secrets.database.existingSecret -}}
{{- $missing = append $missing "secrets.database.existingSecret: the Secret with the application's database URL" -}}
{{- end -}}
{{- if and .Values.migrate.enabled (not .Values.secrets.migrationDatabase.existingSecret) -}}
{{- $missing = append $missing "secrets.migrationDatabase.existingSecret: the Secret with the database URL of the tables' owner" -}}
{{- end -}}
{{- if not .Values.secrets.redis.existingSecret -}}
{{- $missing = append $missing "secrets.redis.existingSecret: the Secret with the URL of Redis" -}}
{{- end -}}
{{- if not .Values.secrets.apiKeyPepper.existingSecret -}}
{{- $missing = append $missing "secrets.apiKeyPepper.existingSecret: the Secret with the pepper of the API keys" -}}
{{- end -}}
{{- if not .Values.secrets.encryptionKey.existingSecret -}}
{{- $missing = append $missing "secrets.encryptionKey.existingSecret: the Secret with the key that seals what must be read again" -}}
{{- end -}}
{{- if and .Values.checkpoints.existingClaim (not .Values.secrets.checkpointKey.existingSecret) -}}
{{- $missing = append $missing "secrets.checkpointKey.existingSecret: the Secret with the key that signs checkpoints, because checkpoints.existingClaim is set" -}}
{{- end -}}
{{- if .Values.networkPolicy.enabled -}}
{{- if not .Values.networkPolicy.postgresql.to -}}
{{- $missing = append $missing "networkPolicy.postgresql.to: where PostgreSQL is (or networkPolicy.enabled=false)" -}}
{{- end -}}
{{- if not .Values.networkPolicy.redis.to -}}
{{- $missing = append $missing "networkPolicy.redis.to: where Redis is (or networkPolicy.enabled=false)" -}}
{{- end -}}
{{- end -}}
{{- if $missing -}}
{{- fail (printf "\n\nBursar cannot be installed without:\n  - %s\n" (join "\n  - " $missing)) -}}
{{- end -}}
{{- end }}
