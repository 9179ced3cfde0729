package redisstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// right is a command that the store uses, and a harmless use of it.
type right struct {
	command string
	try     func(ctx context.Context, c redis.Cmdable, key string) error
}

// needed lists every command, those that take away what the others leave last.
// The user cannot be asked for its rights, since it has no right to that.
var needed = []right{
	{"time", func(ctx context.Context, c redis.Cmdable, _ string) error { return c.Time(ctx).Err() }},
	{"info", func(ctx context.Context, c redis.Cmdable, _ string) error { return c.Info(ctx, "server").Err() }},
	{"echo", func(ctx context.Context, c redis.Cmdable, _ string) error { return c.Echo(ctx, "x").Err() }},
	{"eval", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.Eval(ctx, "return 1", []string{key}).Err()
	}},
	{"evalsha", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.EvalSha(ctx, strings.Repeat("0", 40), []string{key}).Err()
	}},
	{"get", func(ctx context.Context, c redis.Cmdable, key string) error { return c.Get(ctx, key).Err() }},
	{"mget", func(ctx context.Context, c redis.Cmdable, key string) error { return c.MGet(ctx, key).Err() }},
	{"scan", func(ctx context.Context, c redis.Cmdable, key string) error { return c.Scan(ctx, 0, key, 1).Err() }},
	{"hget", func(ctx context.Context, c redis.Cmdable, key string) error { return c.HGet(ctx, key+"h", "f").Err() }},
	{"hmget", func(ctx context.Context, c redis.Cmdable, key string) error { return c.HMGet(ctx, key+"h", "f").Err() }},
	{"hscan", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.HScan(ctx, key+"h", 0, "*", 1).Err()
	}},
	{"xrange", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.XRangeN(ctx, key+"x", "-", "+", 1).Err()
	}},
	{"xread", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.XRead(ctx, &redis.XReadArgs{Streams: []string{key + "x", "0"}, Count: 1, Block: -1}).Err()
	}},
	{"del", func(ctx context.Context, c redis.Cmdable, key string) error { return c.Del(ctx, key).Err() }},
	{"set", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.Set(ctx, key, "x", time.Minute).Err()
	}},
	{"hset", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.HSet(ctx, key+"h", "f", "1").Err()
	}},
	{"hincrby", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.HIncrBy(ctx, key+"h", "f", 1).Err()
	}},
	{"hdel", func(ctx context.Context, c redis.Cmdable, key string) error { return c.HDel(ctx, key+"h", "f").Err() }},
	{"xadd", func(ctx context.Context, c redis.Cmdable, key string) error {
		return c.XAdd(ctx, &redis.XAddArgs{Stream: key + "x", MaxLen: 1, Values: []string{"f", "x"}}).Err()
	}},
}

// plainly tries a command for which the driver has no function.
func plainly(command ...any) func(context.Context, redis.Cmdable, string) error {
	return func(ctx context.Context, c redis.Cmdable, _ string) error {
		pipe := c.Pipeline()
		_ = pipe.Do(ctx, command...)
		_, err := pipe.Exec(ctx)
		return err
	}
}

// rights tries every command on keys of its own, which it then deletes.
func (s *Store) rights(ctx context.Context) (plugins.Finding, error) {
	found := plugins.Finding{Aspect: plugins.StoreRights, Says: "the user of Redis may do all that the gateway does"}
	bounded, cancel, err := s.begin(ctx, "examine")
	if err != nil {
		return found, err
	}
	defer cancel()
	key := s.names.prefix + "{f}:examined:" + s.newNonce()
	owner, err := s.clients.Load().owner(bounded, key)
	if err != nil {
		return found, s.failed(ctx, "examine", err)
	}
	client := owner.client
	all := needed[:len(needed):len(needed)]
	if s.config.WaitReplicas > 0 {
		all = append(all, right{"wait", plainly("wait", 0, 1)})
	}
	if s.config.Cluster {
		all = append(all, right{"asking", plainly("asking")})
	}
	var lacking []string
	for _, r := range all {
		if r.command == "set" && len(lacking) > 0 && lacking[len(lacking)-1] == "del" {
			break // what it would leave could not be taken away
		}
		var answer redis.Error
		switch err := r.try(bounded, client, key); {
		case err == nil, errors.Is(err, redis.Nil):
		case errors.As(err, &answer) && strings.HasPrefix(answer.Error(), "NOPERM"):
			lacking = append(lacking, r.command)
		case errors.As(err, &answer) && strings.HasPrefix(answer.Error(), "NOSCRIPT"):
		case redirects(err):
			// Who lacks the right is told so first; the slot is on the move.
		case errors.As(err, &answer) && strings.HasPrefix(answer.Error(), "OOM"):
			// That the memory is full is said elsewhere.
		default:
			return found, s.failed(ctx, "examine", err)
		}
	}
	if err := client.Del(bounded, key, key+"h", key+"x").Err(); err != nil && len(lacking) == 0 && !redirects(err) {
		return found, s.failed(ctx, "examine", err)
	}
	if len(lacking) > 0 {
		found.Says = "the user of Redis may not, or not on the keys " + s.names.prefix + "*: " + strings.Join(lacking, " ")
		found.Do = "ACL SETUSER <user> ~" + s.names.prefix + "* +" + strings.Join(lacking, " +")
	}
	return found, nil
}
