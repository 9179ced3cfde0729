package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	defaultPage = 100
	// maxScans bounds the round trips of one page where few keys match.
	maxScans = 50
)

// List pages through the records under r/, then through the plain keys of one
// server after the other, as far as the prefix allows. Its cursor is either
// "r:" and the cursor in the hash, or "k:", the server's, and the server.
func (s *Store) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	bounded, cancel, err := s.begin(ctx, "list")
	if err != nil {
		return plugins.Page{}, err
	}
	defer cancel()
	if limit <= 0 {
		limit = defaultPage
	}
	replicated := strings.HasPrefix(plugins.ReplicaPrefix, prefix) || strings.HasPrefix(prefix, plugins.ReplicaPrefix)
	plain := !strings.HasPrefix(prefix, plugins.ReplicaPrefix)
	kind, place, _ := strings.Cut(cursor, ":")
	var page plugins.Page
	switch {
	case cursor == "" && replicated, kind == "r" && replicated && place != "":
		page, err = s.listRecords(bounded, prefix, place, limit)
		if err == nil && page.Cursor == "" && plain {
			page.Cursor = "k:"
		}
	case cursor == "", kind == "k" && plain && strings.Contains(cursor, ":"):
		page, err = s.listKeys(bounded, prefix, place, limit)
	default:
		err = plugins.ErrCursor
	}
	if errors.Is(err, plugins.ErrCursor) {
		return plugins.Page{}, fmt.Errorf("redis list: %w", plugins.ErrCursor)
	}
	if err != nil {
		return plugins.Page{}, s.failed(ctx, "list", err)
	}
	return page, nil
}

func (s *Store) listRecords(ctx context.Context, prefix, place string, limit int) (plugins.Page, error) {
	at, err := scanCursor(place)
	if err != nil {
		return plugins.Page{}, err
	}
	pattern := "*"
	if strings.HasPrefix(prefix, plugins.ReplicaPrefix) {
		pattern = beginning(field(prefix))
	}
	var page plugins.Page
	for range maxScans {
		reply, err := s.run(ctx, listScript, []string{s.names.records()}, at, pattern, limit)
		if err != nil {
			return plugins.Page{}, err
		}
		next, items, err := recordsOf(reply)
		if err != nil {
			return plugins.Page{}, err
		}
		page.Items = append(page.Items, items...)
		if at = next; at == 0 {
			return page, nil
		}
		if len(page.Items) >= limit {
			break
		}
	}
	page.Cursor = "r:" + strconv.FormatUint(at, 10)
	return page, nil
}

// recordsOf reads a reply of the list script.
func recordsOf(reply []any) (next uint64, items []plugins.Item, err error) {
	if len(reply) != 3 {
		return 0, nil, errReply
	}
	now, err := number(reply[0])
	if err != nil {
		return 0, nil, err
	}
	text, _ := reply[1].(string)
	if next, err = strconv.ParseUint(text, 10, 64); err != nil {
		return 0, nil, errReply
	}
	found, ok := reply[2].([]any)
	if !ok || len(found)%2 != 0 {
		return 0, nil, errReply
	}
	for i := 0; i < len(found); i += 2 {
		name, ok := found[i].(string)
		record, ok2 := found[i+1].(string)
		if !ok || !ok2 {
			return 0, nil, errReply
		}
		value, err := decode(record, now)
		if err != nil {
			return 0, nil, err
		}
		if value != nil {
			items = append(items, plugins.Item{Key: plugins.ReplicaPrefix + name, Value: value})
		}
	}
	return next, items, nil
}

func (s *Store) listKeys(ctx context.Context, prefix, place string, limit int) (plugins.Page, error) {
	number, address, _ := strings.Cut(place, ":")
	at, err := scanCursor(number)
	if err != nil {
		return plugins.Page{}, err
	}
	clients := s.clients.Load()
	servers, err := clients.servers(ctx)
	if err != nil {
		return plugins.Page{}, err
	}
	i := 0
	if address != "" {
		if i = slices.IndexFunc(servers, func(s server) bool { return s.address == address }); i < 0 {
			return plugins.Page{}, plugins.ErrCursor
		}
	}
	var page plugins.Page
	var keys []string
	for range maxScans {
		next, found, err := s.scan(ctx, clients, servers[i].client, at, prefix, limit)
		if err != nil {
			return plugins.Page{}, err
		}
		keys = append(keys, found...)
		if at = next; at == 0 {
			i++
		}
		if i == len(servers) || len(keys) >= limit {
			break
		}
	}
	if i < len(servers) {
		page.Cursor = "k:" + strconv.FormatUint(at, 10) + ":" + servers[i].address
	}
	page.Items, err = s.present(ctx, keys)
	return page, err
}

// scan asks one server for names. The echo before it is the check that other
// calls have in their scripts.
func (s *Store) scan(ctx context.Context, clients *clients, client redis.Cmdable, at uint64, prefix string, limit int) (uint64, []string, error) {
	nonce := s.newNonce()
	pipe := client.Pipeline()
	echo := pipe.Echo(ctx, nonce)
	// A prefix that begins with a brace is escaped in names; the empty one
	// finds escaped and plain names alike.
	scan := pipe.Scan(ctx, at, beginning(s.names.plain(prefix)), int64(limit))
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, nil, err
	}
	if echo.Val() != nonce {
		s.reset(clients)
		return 0, nil, errDesync
	}
	found, next := scan.Val()
	keys := found[:0]
	for _, name := range found {
		if key, ok := s.names.key(name); ok {
			keys = append(keys, key)
		}
	}
	return next, keys, nil
}

// present reads the values and leaves out what is gone meanwhile.
func (s *Store) present(ctx context.Context, keys []string) ([]plugins.Item, error) {
	items := make([]plugins.Item, len(keys))
	for i, key := range keys {
		items[i].Key = key
	}
	for from := 0; from < len(items); from += maxGet {
		if err := s.get(ctx, items[from:min(from+maxGet, len(items))]); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(items, func(item plugins.Item) bool { return item.Value == nil }), nil
}

func scanCursor(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	at, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, plugins.ErrCursor
	}
	return at, nil
}

// server is one that holds keys. The address is empty where there is only one.
type server struct {
	address string
	client  redis.Cmdable
}

// servers lists the primaries in a fixed order.
func (c *clients) servers(ctx context.Context) ([]server, error) {
	cluster, ok := c.calls.(*redis.ClusterClient)
	if !ok {
		return []server{{"", c.calls}}, nil
	}
	var mu sync.Mutex
	var all []server
	err := cluster.ForEachMaster(ctx, func(_ context.Context, client *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, server{client.Options().Addr, client})
		return nil
	})
	if err == nil && len(all) == 0 {
		err = errors.New("the cluster has no servers")
	}
	slices.SortFunc(all, func(a, b server) int { return strings.Compare(a.address, b.address) })
	return all, err
}
