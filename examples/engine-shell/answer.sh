#!/bin/sh
# Answers one request of the plug-in protocol on its input and output. Lets only images be pulled that name their registry.
carriage=$(printf '\r')
read -r method place _
length=0
while read -r name value && [ "$name" != "$carriage" ]; do
  case $name in [Cc]ontent-[Ll]ength:) length=${value%"$carriage"} ;; esac
done
body=$(head -c "$length")

status='200 OK'
case "$method $place" in
  'GET /v1/plugin') answer='{"name":"engine-shell"}' ;;
  'POST /v1/settings') answer='' status='204 No Content' ;;
  'POST /v1/hooks/image.prePull')
    case $body in
      *'"reference":"'*.*/*) answer='{}' ;;
      *) answer='{"refuse":{"code":"no-registry","message":"Name the registry of the image.","hint":"Write e.g. docker.io/library/debian."}}' ;;
    esac ;;
  *) answer='{"message":"There is no such place."}' status='404 Not Found' ;;
esac
printf 'HTTP/1.1 %s\r\nConnection: close\r\n' "$status"
[ -z "$answer" ] || printf 'Content-Type: application/json\r\nContent-Length: %s\r\n' "${#answer}"
printf '\r\n%s' "$answer"
