package redisstore

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by it; nothing is protected with it
	_ "embed"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// script is a Lua script that answers with its first argument, the nonce, in
// front: a reply that belongs to another command is noticed.
type script struct {
	body, sha string
	// writes is set for what must not be sent twice.
	writes bool
}

func newScript(body string, writes bool) *script {
	sum := sha1.Sum([]byte(body)) //nolint:gosec // what Redis calls a script by
	return &script{body: body, sha: hex.EncodeToString(sum[:]), writes: writes}
}

var (
	//go:embed lua/get.lua
	getLua string
	//go:embed lua/put.lua
	putLua string
	//go:embed lua/append.lua
	appendLua string
	//go:embed lua/follow.lua
	followLua string
	//go:embed lua/list.lua
	listLua string
	//go:embed lua/collect.lua
	collectLua string
	//go:embed lua/take.lua
	takeLua string

	getScript     = newScript(getLua, false)
	putScript     = newScript(putLua, true)
	appendScript  = newScript(appendLua, true)
	followScript  = newScript(followLua, false)
	listScript    = newScript(listLua, false)
	collectScript = newScript(collectLua, true)
	takeScript    = newScript(takeLua, true)
)

var (
	errDesync   = errors.New("reply to another command")
	errReply    = errors.New("reply of another shape")
	errReplicas = errors.New("too few replicas received the write in time")
)

// command makes the call; a script that the server does not know yet is sent
// in full.
func (sc *script) command(ctx context.Context, full bool, keys []string, nonce string, args []any) (redis.Cmder, *redis.Cmd) {
	all := make([]any, 0, 4+len(keys)+len(args))
	if full {
		all = append(all, "eval", sc.body, len(keys))
	} else {
		all = append(all, "evalsha", sc.sha, len(keys))
	}
	for _, key := range keys {
		all = append(all, key)
	}
	cmd := redis.NewCmd(ctx, append(append(all, nonce), args...)...)
	if sc.writes {
		return once{cmd}, cmd
	}
	return cmd, cmd
}

// run runs a script and answers what it returned after the nonce.
func (s *Store) run(ctx context.Context, sc *script, keys []string, args ...any) ([]any, error) {
	clients, nonce := s.clients.Load(), s.newNonce()
	sent, cmd := sc.command(ctx, false, keys, nonce, args)
	err := clients.calls.Process(ctx, sent)
	if unknown(err) {
		sent, cmd = sc.command(ctx, true, keys, nonce, args)
		err = clients.calls.Process(ctx, sent)
	}
	if err != nil {
		return nil, err
	}
	return s.reply(clients, cmd, nonce)
}

// reply checks that a reply belongs to the call.
func (s *Store) reply(clients *clients, cmd *redis.Cmd, nonce string) ([]any, error) {
	reply, err := cmd.Slice()
	if err == nil && len(reply) > 0 && reply[0] == nonce {
		return reply[1:], nil
	}
	s.reset(clients)
	return nil, errDesync
}

// runSafely is run for a write: with wait_replicas, it waits for them on the
// connection that wrote.
func (s *Store) runSafely(ctx context.Context, sc *script, keys []string, args ...any) ([]any, error) {
	if s.config.WaitReplicas == 0 {
		return s.run(ctx, sc, keys, args...)
	}
	clients, nonce := s.clients.Load(), s.newNonce()
	to, err := clients.owner(ctx, keys[0])
	if err != nil {
		return nil, err
	}
	full := false
	for range maxHops {
		cmd, waited := s.writeAndWait(ctx, to, sc, full, keys, nonce, args)
		switch err = cmd.Err(); {
		case err == nil:
			return s.received(clients, cmd, waited, nonce)
		case unknown(err):
			full = true
		case redirects(err):
			// Nothing was written there.
			if to, err = clients.redirected(ctx, err); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
	return nil, err
}

func (s *Store) writeAndWait(ctx context.Context, to place, sc *script, full bool, keys []string, nonce string, args []any) (cmd, waited *redis.Cmd) {
	pipe := to.client.Pipeline()
	if to.asking {
		pipe.Do(ctx, "asking")
	}
	sent, cmd := sc.command(ctx, full, keys, nonce, args)
	_ = pipe.Process(ctx, sent)
	// Half of the time-out, so that the reply comes before it.
	waited = pipe.Do(ctx, "wait", s.config.WaitReplicas, (time.Duration(s.config.ReadTimeout) / 2).Milliseconds())
	_, _ = pipe.Exec(ctx) // each command has its own error
	return cmd, waited
}

// received answers the reply of a write that enough replicas have.
func (s *Store) received(clients *clients, cmd, waited *redis.Cmd, nonce string) ([]any, error) {
	reply, err := s.reply(clients, cmd, nonce)
	if err != nil || len(reply) > 0 && reply[0] == "conflict" {
		return reply, err
	}
	received, err := waited.Int()
	if err == nil && received < s.config.WaitReplicas {
		err = errReplicas
	}
	return reply, err
}

// unknown tells that the server's script cache was emptied, or is another's.
func unknown(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT") }
