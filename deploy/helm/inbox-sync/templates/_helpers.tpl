{{/* Names and labels. */}}
{{- define "inbox-sync.name" -}}
{{- printf "%s" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "inbox-sync.selector" -}}
app.kubernetes.io/name: inbox-sync
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "inbox-sync.labels" -}}
{{ include "inbox-sync.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "inbox-sync.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "inbox-sync.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{- define "inbox-sync.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* The shards of a group as text parted by commas: its own, or all. Call with (dict "root" $ "group" $group). */}}
{{- define "inbox-sync.shards" -}}
{{- $shards := .group.shards -}}
{{- if not $shards -}}{{- $shards = until (int .root.Values.shards) -}}{{- end -}}
{{- $texts := list -}}
{{- range $shards -}}{{- $texts = append $texts (printf "%d" (int .)) -}}{{- end -}}
{{- join "," $texts -}}
{{- end -}}

{{/* Fails when a shard is served by no group: its users would never be synced. */}}
{{- define "inbox-sync.allShardsServed" -}}
{{- $served := list -}}
{{- range .Values.worker.groups -}}
{{- $served = concat $served (splitList "," (include "inbox-sync.shards" (dict "root" $ "group" .))) -}}
{{- end -}}
{{- range until (int .Values.shards) -}}
{{- if not (has (printf "%d" .) $served) -}}
{{- fail (printf "shard %d is served by no group of workers (worker.groups)" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What all pods have in common. */}}
{{- define "inbox-sync.podSettings" -}}
serviceAccountName: {{ include "inbox-sync.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What all containers have in common, but for the command. */}}
{{- define "inbox-sync.container" -}}
image: {{ include "inbox-sync.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
envFrom:
  - configMapRef:
      name: {{ include "inbox-sync.name" . }}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: secrets
    mountPath: /run/secrets/inbox-sync
    readOnly: true
  - name: tmp
    mountPath: /tmp
  - name: home
    mountPath: /var/lib/inbox-sync
{{- end -}}

{{/* Secrets as files, and the two places that may be written to. Call with (dict "secret" NAME). */}}
{{- define "inbox-sync.volumes" -}}
- name: secrets
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
- name: home
  emptyDir: {sizeLimit: 64Mi}
{{- end -}}

{{/* Pods are made anew when their settings change. */}}
{{- define "inbox-sync.podAnnotations" -}}
checksum/settings: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}
