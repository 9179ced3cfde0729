package faults

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// rights are those that the store's documentation asks for, and no more.
const rights = "~dcr:* resetchannels -@all +evalsha +eval +time +info +echo +get +mget +set +del +scan " +
	"+hget +hmget +hset +hdel +hincrby +hscan +xadd +xrange +xread"

// patient is a Redis with a user of few rights, for the gateways alone, and a
// connection of an administrator that is there already when no other can come.
type patient struct {
	*redistest.Server
	admin *wire
}

func newPatient(t *testing.T) (*patient, []string) {
	t.Helper()
	redis := redistest.Start(t, redistest.Options{Persist: true})
	redis.Do(strings.Fields("ACL SETUSER dcr on >secret " + rights)...)
	store := "redis redis://dcr:secret@" + redis.Addr()
	return &patient{redis, dial(t, redis.Addr())}, []string{store, store}
}

// order runs commands, and their opposites at the end.
func (p *patient) order(begin, end []string) func(*testing.T) func() {
	return func(*testing.T) func() {
		for _, command := range begin {
			p.admin.do(strings.Fields(command)...)
		}
		return func() {
			for _, command := range end {
				p.admin.do(strings.Fields(command)...)
			}
		}
	}
}

// over does one command again and again.
func (p *patient) over(command string) func(*testing.T) func() {
	return func(*testing.T) func() {
		return again(func() { p.admin.do(strings.Fields(command)...) })
	}
}

// busy runs a script that does not end.
func (p *patient) busy(t *testing.T) func() {
	p.admin.do("CONFIG", "SET", "busy-reply-threshold", "50")
	dial(t, p.Addr()).send("EVAL", "while true do end", "0")
	return func() {
		harness.Eventually(t, "for the script to end", func() bool {
			// It says NOTBUSY once the script has ended.
			_, err := p.admin.try("SCRIPT", "KILL")
			return err != nil && strings.Contains(err.Error(), "NOTBUSY")
		})
		p.admin.do("CONFIG", "SET", "busy-reply-threshold", "5000")
	}
}

func (p *patient) hang(*testing.T) func() {
	p.Pause()
	return p.Resume
}

// troubled is what befalls the server and the machine that it runs on.
func troubled(t *testing.T, r *results) {
	p, stores := newPatient(t)
	l := open(t, r, stores, "")
	sufferAll(t, l, []disorder{
		{name: "redis hangs (SIGSTOP)", lasts: long, begin: p.hang},
		{name: "redis sleeps (DEBUG SLEEP)", lasts: short, begin: func(t *testing.T) func() {
			dial(t, p.Addr()).send("DEBUG", "SLEEP", fmt.Sprint(short.Seconds()))
			return func() { p.admin.do("PING") }
		}},
		{name: "redis is busy with a script", lasts: long, begin: p.busy},
		{name: "redis is paused for writers (CLIENT PAUSE)", lasts: long, begin: p.order([]string{"CLIENT PAUSE 60000 WRITE"}, []string{"CLIENT UNPAUSE"})},
		{name: "redis is out of memory (maxmemory)", lasts: long, knowledge: confirmed, begin: p.order(
			[]string{"CONFIG SET maxmemory 1"}, []string{"CONFIG SET maxmemory 0"})},
		{name: "redis has too few replicas (NOREPLICAS)", lasts: short, knowledge: confirmed, begin: p.order(
			[]string{"CONFIG SET min-replicas-to-write 1"}, []string{"CONFIG SET min-replicas-to-write 0"})},
		{name: "redis has no room for clients (maxclients)", lasts: long, begin: p.order(
			[]string{"CONFIG SET maxclients 1", "CLIENT KILL TYPE normal SKIPME yes"}, []string{"CONFIG SET maxclients 10000"})},
		{name: "clients are killed again and again (CLIENT KILL)", lasts: long, knowledge: patchy, begin: p.over("CLIENT KILL TYPE normal SKIPME yes")},
		{name: "scripts are flushed again and again (SCRIPT FLUSH)", lasts: short, knowledge: untouched, begin: p.over("SCRIPT FLUSH")},
	})
}

// changed is what people do to a server, and what becomes of it.
func changed(t *testing.T, r *results) {
	p, stores := newPatient(t)
	l := open(t, r, stores, "")
	sufferAll(t, l, []disorder{
		{name: "redis becomes a replica (REPLICAOF)", lasts: long, begin: p.order([]string{"REPLICAOF 127.0.0.1 1"}, []string{"REPLICAOF NO ONE"})},
		{name: "redis has another replication id", lasts: short, knowledge: untouched, begin: p.over("DEBUG CHANGE-REPL-ID")},
		{name: "the user loses its rights (ACL)", lasts: long, begin: p.order([]string{"ACL SETUSER dcr -@all"}, []string{"ACL SETUSER dcr " + rights[len("~dcr:* resetchannels "):]})},
		{name: "the user loses the right to write (ACL)", lasts: short, begin: p.order([]string{"ACL SETUSER dcr -xadd -set"}, []string{"ACL SETUSER dcr +xadd +set"}), knowledge: confirmed},
		{name: "the user loses its keys (ACL)", lasts: short, begin: p.order([]string{"ACL SETUSER dcr resetkeys"}, []string{"ACL SETUSER dcr ~dcr:*"})},
		{name: "the user is switched off (ACL)", lasts: long, begin: p.order([]string{"ACL SETUSER dcr off", "CLIENT KILL USER dcr"}, []string{"ACL SETUSER dcr on"})},
		{name: "the password is changed (ACL)", lasts: short, begin: p.order(
			[]string{"ACL SETUSER dcr resetpass >other", "CLIENT KILL USER dcr"}, []string{"ACL SETUSER dcr resetpass >secret"})},
		{name: "redis is started again at once", lasts: short, knowledge: patchy, begin: p.restart},
		{name: "redis crashes, and is started later", lasts: long, begin: func(*testing.T) func() {
			p.Kill()
			return func() { p.come(t) }
		}},
	})
}

// restart crashes the server and starts it on its data.
func (p *patient) restart(t *testing.T) func() {
	p.come(t)
	return func() {}
}

// come starts the server with its user, who is not among the data.
func (p *patient) come(t *testing.T) {
	p.Restart()
	p.admin = dial(t, p.Addr())
	p.admin.do(strings.Fields("ACL SETUSER dcr on >secret " + rights)...)
}
