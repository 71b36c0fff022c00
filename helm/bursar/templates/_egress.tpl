{{- define "bursar.egress.dns" -}}
- to: {{- toYaml .Values.networkPolicy.dns.to | nindent 4 }}
  ports:
    - {protocol: UDP, port: {{ .Values.networkPolicy.dns.port }}}
    - {protocol: TCP, port: {{ .Values.networkPolicy.dns.port }}}
{{- end }}

{{- define "bursar.egress.postgresql" -}}
- to: {{- toYaml .Values.networkPolicy.postgresql.to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .Values.networkPolicy.postgresql.port }}}
{{- end }}

{{- define "bursar.egress.redis" -}}
- to: {{- toYaml .Values.networkPolicy.redis.to | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .Values.networkPolicy.redis.port }}}
{{- end }}

{{/* Public addresses alone: not the cluster, not the node, not the cloud's metadata at 169.254.169.254 or fd00:ec2::254. */}}
{{- define "bursar.egress.publicHttps" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
    - ipBlock:
        cidr: "::/0"
        except: ["::1/128", "fc00::/7", "fe80::/10"]
  ports:
    - {protocol: TCP, port: 443}
{{- end }}
