package redisstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// maxGet bounds one script, whose arguments live on Lua's stack.
const maxGet = 1000

// Get reads the keys, in one round trip up to a thousand of them.
func (s *Store) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	bounded, cancel, err := s.begin(ctx, "get")
	if err != nil {
		return nil, err
	}
	defer cancel()
	items := make([]plugins.Item, len(keys))
	for i, key := range keys {
		items[i].Key = key
	}
	for from := 0; from < len(items); from += maxGet {
		if err := s.get(bounded, items[from:min(from+maxGet, len(items))]); err != nil {
			return nil, s.failed(ctx, "get", err)
		}
	}
	return items, nil
}

func (s *Store) get(ctx context.Context, items []plugins.Item) error {
	if s.config.Cluster {
		return s.getScattered(ctx, s.scatter(items))
	}
	part := s.part(items)
	reply, err := s.run(ctx, getScript, part.keys, part.fields...)
	if err != nil {
		return err
	}
	return part.fill(reply)
}

// part is what one script reads: plain keys, then fields of the records.
type part struct {
	keys           []string
	fields         []any
	plain, records []*plugins.Item
}

func (s *Store) part(items []plugins.Item) part {
	var p part
	for i := range items {
		if item := &items[i]; strings.HasPrefix(item.Key, plugins.ReplicaPrefix) {
			p.fields = append(p.fields, field(item.Key))
			p.records = append(p.records, item)
		} else {
			p.keys = append(p.keys, s.names.plain(item.Key))
			p.plain = append(p.plain, item)
		}
	}
	if len(p.fields) > 0 {
		p.keys = append(p.keys, s.names.records())
	}
	return p
}

// scatter makes a part for every slot: each plain key, and all records.
func (s *Store) scatter(items []plugins.Item) []part {
	var parts []part
	var records part
	for i := range items {
		p := s.part(items[i : i+1])
		if len(p.records) == 0 {
			parts = append(parts, p)
			continue
		}
		records.keys = p.keys
		records.fields = append(records.fields, p.fields...)
		records.records = append(records.records, p.records...)
	}
	if len(records.records) > 0 {
		parts = append(parts, records)
	}
	return parts
}

// getScattered asks all servers of a Cluster at once. It sends scripts in
// full, since any of the servers may not know them.
func (s *Store) getScattered(ctx context.Context, parts []part) error {
	if len(parts) == 1 {
		reply, err := s.run(ctx, getScript, parts[0].keys, parts[0].fields...)
		if err != nil {
			return err
		}
		return parts[0].fill(reply)
	}
	clients, nonce := s.clients.Load(), s.newNonce()
	pipe := clients.calls.Pipeline()
	cmds := make([]func() ([]any, error), len(parts))
	for i, p := range parts {
		own := nonce + "." + strconv.Itoa(i)
		sent, cmd := getScript.command(ctx, true, p.keys, own, p.fields)
		_ = pipe.Process(ctx, sent)
		cmds[i] = func() ([]any, error) {
			if err := cmd.Err(); err != nil {
				return nil, err
			}
			return s.reply(clients, cmd, own)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	for i, p := range parts {
		reply, err := cmds[i]()
		if err != nil {
			return err
		}
		if err := p.fill(reply); err != nil {
			return err
		}
	}
	return nil
}

// fill puts the values of a reply into the items.
func (p part) fill(reply []any) error {
	if len(reply) != 3 {
		return errReply
	}
	now, err := number(reply[0])
	values, ok := reply[1].([]any)
	records, ok2 := reply[2].([]any)
	if err != nil || !ok || !ok2 || len(values) != len(p.plain) || len(records) != len(p.records) {
		return errReply
	}
	for i, item := range p.plain {
		if text, ok := values[i].(string); ok {
			item.Value = []byte(text)
		}
	}
	for i, item := range p.records {
		if text, ok := records[i].(string); ok {
			if item.Value, err = decode(text, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// decode reads a record; nil is one that has expired.
func decode(record string, now int64) ([]byte, error) {
	before, value, ok := strings.Cut(record, ":")
	expires, err := strconv.ParseInt(before, 10, 64)
	if !ok || err != nil {
		return nil, errReply
	}
	if expires != 0 && expires <= now {
		return nil, nil
	}
	return []byte(value), nil
}

// number reads what a script answered with string.format('%.0f').
func number(v any) (int64, error) {
	text, ok := v.(string)
	if !ok {
		return 0, errReply
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errReply
	}
	return n, nil
}

// Put applies one write.
func (s *Store) Put(ctx context.Context, w plugins.Write) error {
	if strings.HasPrefix(w.Key, plugins.ReplicaPrefix) {
		return misuse("put", "key under %s is written by Append", plugins.ReplicaPrefix)
	}
	if err := check("put", w); err != nil {
		return err
	}
	bounded, cancel, err := s.begin(ctx, "put")
	if err != nil {
		return err
	}
	defer cancel()
	reply, err := s.runSafely(bounded, putScript, []string{s.names.plain(w.Key)}, arguments(w)...)
	if err != nil {
		return s.failed(ctx, "put", err)
	}
	return s.outcome(ctx, "put", reply)
}

// outcome reads the word with which a script that writes begins its answer.
func (s *Store) outcome(ctx context.Context, what string, reply []any) error {
	switch {
	case len(reply) > 0 && reply[0] == "ok":
		return nil
	case len(reply) > 0 && reply[0] == "conflict":
		return plugins.ErrConflict
	}
	return s.failed(ctx, what, errReply)
}

func check(what string, w plugins.Write) error {
	switch {
	case w.Key == "":
		return misuse(what, "empty key")
	case w.TTL < 0:
		return misuse(what, "TTL of %s", w.TTL)
	case w.If > plugins.IfEqual:
		return misuse(what, "unknown condition %d", w.If)
	}
	return nil
}

// arguments are TTL, value, condition and old value, as the scripts want them.
func arguments(w plugins.Write) []any {
	ttl := ""
	if w.Value != nil {
		ttl = strconv.FormatInt(int64((w.TTL+time.Millisecond-1)/time.Millisecond), 10)
	}
	return []any{ttl, w.Value, int(w.If), w.Old}
}
