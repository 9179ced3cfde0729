package million

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const issuer = "http://million.test"

const template = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	dcr {
		issuer ` + issuer + `
		store STORE
		allow_http
		census 24h
	}
}

http://127.0.0.1:{HTTP} {
	dcr_issuer
}
`

// place is where a store lies, for us and then for a gateway.
type place struct {
	open func() (plugins.Store, error)
	// forGateway is how the gateway's configuration names it.
	forGateway string
	dir        string
}

func places(t *testing.T) map[string]func() place {
	return map[string]func() place{
		"embedded": func() place {
			dir := t.TempDir()
			return place{func() (plugins.Store, error) { return boltstore.Open(filepath.Join(dir, "dcr.db")) }, "bolt " + dir, dir}
		},
		"redis": func() place {
			url := redistest.Start(t, redistest.Options{}).URL()
			return place{func() (plugins.Store, error) {
				return redisstore.Open(redisstore.Config{Addresses: []string{url}, PoolSize: 20})
			}, "redis " + url, ""}
		},
	}
}

// population is what was put into the store.
type population struct {
	largest, small uuid.UUID
	client         uuid.UUID
}

// populate makes applications, the first of which has most of the clients and
// the last a few, and all of the statements.
func populate(t *testing.T, s *management.Service) population {
	t.Helper()
	ann := management.Call{Actor: operator}
	var apps []uuid.UUID
	for i := range *applications {
		app, err := s.CreateApplication(t.Context(), ann, management.Spec{
			Name: "App " + uuid.NewString()[:8], Programmer: "REF", AllChannels: true, Scopes: []string{"api:client:v2"},
		})
		require.NoError(t, err, i)
		apps = append(apps, app.ID)
	}
	p := population{largest: apps[0], small: apps[len(apps)-1]}
	issued := make([]plugins.Write, *statements)
	for i := range issued {
		var err error
		issued[i], err = state.StatementWrite(state.Statement{ID: uuid.New(), ApplicationID: p.largest, IssuedAt: int64(i) + 1, KeyID: "k"})
		require.NoError(t, err)
	}
	for from := 0; from < len(issued); from += 500 {
		_, err := s.Records.Store.Append(t.Context(), issued[from:min(from+500, len(issued))]...)
		require.NoError(t, err)
	}
	const writers = 200
	now := time.Now().Add(-time.Hour).UnixMilli()
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w; i < *clients; i += writers {
				c := state.Client{
					ID: uuid.New(), ApplicationID: apps[share(i, len(apps))], StatementID: p.largest, Platform: "Roku",
					SecretMAC: make([]byte, 20), SecretKey: 1, CreatedAt: now + int64(i),
				}
				if i == 0 {
					p.client = c.ID
				}
				if !assert.NoError(t, s.Records.PutClient(t.Context(), c)) {
					return
				}
			}
		})
	}
	all.Wait()
	return p
}

// share says whose a client is: seven tenths are the first application's, fifty
// the last one's, and the others have the rest in equal parts.
func share(i, apps int) int {
	switch {
	case i < few:
		return apps - 1
	case i%10 < 7:
		return 0
	default:
		return i % (apps - 1)
	}
}

const few = 50

var operator = access.Trusted("ann", access.CLI, "127.0.0.1")

// service is the management over a store, in this process.
func service(t *testing.T, store plugins.Store) (*management.Service, *census.Walker) {
	logger := slog.New(slog.DiscardHandler)
	records := state.Records{Store: store}
	replica := &state.Replica{Store: store, Logger: logger}
	nodes := &state.Nodes{Replica: replica, Name: "here", Logger: logger}
	run(t, replica.Run)
	run(t, nodes.Run)
	harness.Eventually(t, "for the state", func() bool { return replica.Fresh(time.Minute) == nil })
	book := &census.Book{}
	walker := &census.Walker{
		Records: records, State: counting{replica}, Book: book, Issuer: issuer, Node: "here",
		Every: 24 * time.Hour, Observer: quiet{}, Logger: logger,
	}
	return &management.Service{
		Records: records, Replica: replica, Nodes: nodes, Issuer: issuer, Census: book.Latest,
		Audit: audit.New(records, replica, "here", logger, nil), Wait: time.Second,
	}, walker
}

type counting struct{ *state.Replica }

func (c counting) Fresh() error { return c.Replica.Fresh(time.Minute) }

type quiet struct{}

func (quiet) CensusEnded(census.Outcome, time.Duration) {}

// run runs something until the test, or the part of it, is over.
func run(t *testing.T, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

func start(t *testing.T, p place) *harness.Gateway {
	g := harness.Prepare(t, harness.Config{Caddyfile: strings.ReplaceAll(template, "STORE", p.forGateway)})
	g.Run()
	return g
}
