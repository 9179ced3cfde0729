package redisstore

import (
	"strconv"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// entryOf reads one entry of the stream, as the append script wrote it:
// its id and the list t, time, field, write, field, write…
func entryOf(raw any) (plugins.Entry, error) {
	pair, ok := raw.([]any)
	if !ok || len(pair) != 2 {
		return plugins.Entry{}, errReply
	}
	id, ok := pair[0].(string)
	number, part, _ := strings.Cut(id, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil || part != "0" {
		return plugins.Entry{}, errReply
	}
	list, ok := pair[1].([]any)
	if !ok || len(list) < 4 || len(list)%2 != 0 || list[0] != "t" {
		return plugins.Entry{}, errReply
	}
	at, err := millis(list[1])
	if err != nil {
		return plugins.Entry{}, err
	}
	entry := plugins.Entry{Seq: seq, At: time.UnixMilli(at)}
	for i := 2; i < len(list); i += 2 {
		w, err := writeOf(list[i], list[i+1])
		if err != nil {
			return plugins.Entry{}, err
		}
		entry.Writes = append(entry.Writes, w)
	}
	return entry, nil
}

func writeOf(name, what any) (plugins.Write, error) {
	key, ok := name.(string)
	text, ok2 := what.(string)
	if !ok || !ok2 {
		return plugins.Write{}, errReply
	}
	w := plugins.Write{Key: plugins.ReplicaPrefix + key}
	if text == "" {
		return w, nil
	}
	before, value, ok := strings.Cut(text, ":")
	ttl, err := millis(before)
	if !ok || err != nil {
		return plugins.Write{}, errReply
	}
	w.TTL = time.Duration(ttl) * time.Millisecond
	w.Value = []byte(value)
	return w, nil
}

func millis(v any) (int64, error) {
	n, err := number(v)
	if err != nil || n < 0 {
		return 0, errReply
	}
	return n, nil
}
