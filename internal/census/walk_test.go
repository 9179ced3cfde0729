package census

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

func TestACensusCountsEveryClientOnce(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(store, "one")
		other, otherStatement := uuid.New(), uuid.New()
		first := time.Now().Add(-1000 * time.Hour).UnixMilli()
		clients := register(t, store, 1200, nil)
		register(t, store, 7, func(c *state.Client) {
			c.ApplicationID, c.StatementID, c.Platform = other, otherStatement, "tvOS"
			c.CreatedAt = first
		})
		register(t, store, 1, func(c *state.Client) {
			c.ApplicationID, c.StatementID, c.Platform = other, otherStatement, "Amiga"
			c.LastUsed = state.DayOf(time.Now().UnixMilli()) + 3
		})
		for _, c := range clients[:5] {
			g.kills.Put(revocation.Target{Kind: revocation.Client, ID: c.ID.String()}, revocation.Kill{})
		}
		require.NoError(t, store.Put(within(t), plugins.Write{Key: "c/AAAAAAAAAAAAAAAAAAAAAA", Value: []byte("garbage")}))

		require.NoError(t, g.look(within(t)))
		c := g.Book.Latest()
		require.NotNil(t, c)
		assert.Equal(t, map[string]uint64{"Roku": 1195, "tvOS": 7, "Amiga": 1}, c.Live)
		assert.EqualValues(t, 1203, c.Total())
		assert.EqualValues(t, 5, c.Stopped)
		assert.EqualValues(t, 1, c.Unreadable)
		assert.Equal(t, "one", c.By)
		assert.Equal(t, map[uuid.UUID]uint64{statementID: 1195, otherStatement: 8}, c.Statements)
		assert.EqualValues(t, 1195, c.Applications[appID].Live)
		assert.EqualValues(t, 5, c.Applications[appID].Stopped)
		counted := c.Applications[other]
		assert.ElementsMatch(t, []state.PlatformCount{{Platform: "tvOS", Live: 7}, {Platform: "Amiga", Live: 1}}, counted.Platforms)
		counted.Platforms = nil
		assert.Equal(t, state.ApplicationCount{
			Live: 8, FirstRegistered: first, LastUsed: state.DayOf(time.Now().UnixMilli()) + 3,
		}, counted)
		assert.Equal(t, map[Outcome]int{Finished: 1}, g.endings())

		// Another gateway reads it, and takes none of its own.
		reader := newGateway(store, "two")
		require.NoError(t, reader.look(within(t)))
		c.Parts = reader.Book.Latest().Parts
		assert.Equal(t, c, reader.Book.Latest())
		assert.Empty(t, reader.endings())
	})
}

func TestACensusThatIsDueIsTaken(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(store, "one")
		require.NoError(t, g.look(within(t)))
		first := *g.Book.Latest()
		assert.Zero(t, first.Total())
		register(t, store, 3, nil)
		require.NoError(t, g.look(within(t)))
		assert.Equal(t, first.BeganAt, g.Book.Latest().BeganAt, "an hour is not over")

		g.ahead.Store(int64(time.Hour + time.Minute))
		require.NoError(t, g.look(within(t)))
		second := *g.Book.Latest()
		assert.EqualValues(t, 3, second.Total())
		assert.Equal(t, first.Since, second.Since, "one followed the other")

		page, err := store.List(within(t), "census/", "", 100)
		require.NoError(t, err)
		assert.Len(t, page.Items, 1, "what was counted before is gone")
	})
}

func TestCountsOfMoreThingsThanOnePartHolds(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(store, "one")
		register(t, store, 3000, func(c *state.Client) { c.ApplicationID, c.StatementID = uuid.New(), uuid.New() })
		require.NoError(t, g.look(within(t)))
		reader := newGateway(store, "two")
		require.NoError(t, reader.look(within(t)))
		assert.Equal(t, 3, reader.Book.Latest().Parts)
		assert.Equal(t, g.Book.Latest().Applications, reader.Book.Latest().Applications)
		assert.Equal(t, g.Book.Latest().Statements, reader.Book.Latest().Statements)
		assert.Len(t, reader.Book.Latest().Statements, 3000)
	})
}

// What was registered before the census began is counted by it, and all else by
// the gateways that registered it, so nothing is counted twice.
func TestLiveClientsAreCountedByNetwork(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(store, "one")
		before := time.Now().Add(-time.Minute).UnixMilli()
		from := func(n state.Network) func(*state.Client) {
			return func(c *state.Client) { c.Network, c.CreatedAt = n, before }
		}
		register(t, store, 5, nil)
		clients := register(t, store, 9, from(7))
		register(t, store, 2, from(8))
		later := register(t, store, 3, func(c *state.Client) {
			c.Network, c.CreatedAt = 8, time.Now().Add(time.Minute).UnixMilli()
		})
		g.kills.Put(revocation.Target{Kind: revocation.Client, ID: clients[0].ID.String()}, revocation.Kill{})
		for _, c := range later {
			g.Book.Registered(c, c.Created())
		}
		require.NoError(t, g.look(within(t)))
		reader := newGateway(store, "two")
		require.NoError(t, reader.look(within(t)))
		for _, book := range []*Book{g.Book, reader.Book} {
			assert.Equal(t, map[state.Network]uint64{7: 8, 8: 2}, book.Latest().Networks)
			assert.Zero(t, book.Latest().NetworksShort)
		}
		n, known := g.Book.Network(8)
		assert.True(t, known)
		assert.EqualValues(t, 5, n, "with those that came since")
		n, _ = reader.Book.Network(8)
		assert.EqualValues(t, 2, n, "which the other gateway does not know of")
		n, known = reader.Book.Network(9)
		assert.True(t, known)
		assert.Zero(t, n)

		removed, err := g.Records.RemoveClient(within(t), clients[1].ID, state.DayOf(time.Now().UnixMilli()))
		require.NoError(t, err)
		require.True(t, removed)
		g.ahead.Store(int64(2 * time.Hour))
		require.NoError(t, g.look(within(t)))
		n, _ = g.Book.Network(7)
		assert.EqualValues(t, 7, n, "one that is gone counts no more")
		n, _ = g.Book.Network(8)
		assert.EqualValues(t, 5, n, "and nothing twice")
	})
}

func TestTheNewestClientsAreNamedWhereThereAreMany(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(store, "one")
		g.many = 250
		before := time.Now().Add(-time.Hour).UnixMilli()
		var n atomic.Int64
		clients := register(t, store, 150, func(c *state.Client) { c.CreatedAt = before + n.Add(1) })
		few := uuid.New()
		register(t, store, 3, func(c *state.Client) { c.ApplicationID = few })
		require.NoError(t, g.look(within(t)))
		assert.Zero(t, g.Book.Latest().Applications[appID].NewestPart, "153 are not many")
		named, err := g.Records.NewestClients(within(t), *g.Book.Latest(), appID)
		require.NoError(t, err)
		assert.Empty(t, named)

		register(t, store, 100, func(c *state.Client) { c.ApplicationID = uuid.New() })
		for range 2 {
			g.ahead.Add(int64(2 * time.Hour))
			require.NoError(t, g.look(within(t)))
		}
		latest := *g.Book.Latest()
		assert.Nil(t, latest.Newest, "nobody holds them in memory")
		named, err = g.Records.NewestClients(within(t), latest, appID)
		require.NoError(t, err)
		require.Len(t, named, newestOf)
		slices.SortFunc(clients, func(a, b state.Client) int { return int(b.CreatedAt - a.CreatedAt) })
		for i, c := range clients[:newestOf] {
			assert.Equal(t, state.NewestClient{ID: c.ID, CreatedAt: c.CreatedAt}, named[i])
		}
		named, err = g.Records.NewestClients(within(t), latest, few)
		require.NoError(t, err)
		assert.Len(t, named, 3)
		named, err = g.Records.NewestClients(within(t), latest, uuid.New())
		require.NoError(t, err)
		assert.Empty(t, named)
		page, err := store.List(within(t), "census/", "", 100)
		require.NoError(t, err)
		assert.Len(t, page.Items, 2, "what was named before is gone")

		g.ahead.Add(int64(2 * time.Hour))
		require.NoError(t, g.look(within(t)))
		_, err = g.Records.NewestClients(within(t), latest, few)
		assert.ErrorIs(t, err, state.ErrNotFound, "another census has taken its place")
	})
}

// stopping is a visitor that does something at a client.
type stopping struct {
	at   int
	do   func()
	seen int
}

func (s *stopping) Visit(context.Context, state.Client, int64, func(context.Context) error) (Visit, error) {
	if s.seen++; s.seen == s.at {
		s.do()
	}
	return Visit{}, nil
}

func TestAGatewayThatStopsGivesItsTurnBack(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		register(t, store, 1500, nil)
		g := newGateway(store, "one")
		ctx, cancel := context.WithCancel(within(t))
		g.Visitor = &stopping{at: 700, do: cancel}
		require.ErrorIs(t, g.look(ctx), context.Canceled)
		assert.Equal(t, map[Outcome]int{Interrupted: 1}, g.endings())
		assert.Nil(t, g.Book.Latest(), "half a census is none")

		next := newGateway(store, "two")
		require.NoError(t, next.look(within(t)))
		assert.EqualValues(t, 1500, next.Book.Latest().Total(), "the next takes it at once")
	})
}

func TestWhileOneCountsNobodyElseDoes(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		register(t, store, 10, nil)
		one, two := newGateway(store, "one"), newGateway(store, "two")
		one.Visitor = &stopping{at: 5, do: func() {
			assert.NoError(t, two.look(within(t)))
			assert.Nil(t, two.Book.Latest())
		}}
		require.NoError(t, one.look(within(t)))
		assert.Empty(t, two.endings())
		require.NoError(t, two.look(within(t)))
		assert.EqualValues(t, 10, two.Book.Latest().Total())
	})
}

// A gateway that dies leaves its lease behind, and one that hangs comes back to
// find that it has lost it.
func TestAnotherTakesTheTurnOfAGatewayThatDied(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		register(t, store, 1500, nil)
		hung, next := newGateway(store, "hung"), newGateway(store, "next")
		hung.lease = 50 * time.Millisecond
		hung.Visitor = &stopping{at: 400, do: func() {
			require.Eventually(t, func() bool {
				return next.look(within(t)) == nil && next.Book.Latest() != nil
			}, 20*time.Second, 10*time.Millisecond)
		}}
		require.ErrorIs(t, hung.look(within(t)), errLeaseLost)
		assert.Equal(t, map[Outcome]int{Interrupted: 1}, hung.endings())
		summary, err := next.Records.CensusSummary(within(t))
		require.NoError(t, err)
		assert.Equal(t, "next", summary.By, "what the other had counted is not published")
		assert.EqualValues(t, 1500, summary.Total())
	})
}

func TestALongCensusKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
		require.NoError(t, err)
		defer store.Close()
		register(t, store, 100, nil)
		g, other := newGateway(store, "one"), newGateway(store, "two")
		g.Visitor = slow{}
		done := make(chan error)
		go func() { done <- g.look(context.Background()) }()
		for {
			select {
			case err := <-done:
				require.NoError(t, err)
				assert.EqualValues(t, 100, g.Book.Latest().Total())
				return
			case <-time.After(time.Second):
				require.NoError(t, other.look(context.Background()))
				require.Empty(t, other.endings())
			}
		}
	})
}

// slow takes its time over each client, as removing many would.
type slow struct{}

func (slow) Visit(ctx context.Context, _ state.Client, _ int64, keep func(context.Context) error) (Visit, error) {
	time.Sleep(leaseFor / 5)
	return Visit{}, keep(ctx)
}

func TestNothingIsCountedWhileKillsMayBeMissing(t *testing.T) {
	store := openBolt(t)
	register(t, store, 3, nil)
	g := newGateway(store, "one")
	old := errors.New("too old")
	g.fresh.Store(&old)
	require.ErrorIs(t, g.look(within(t)), old)
	g.fresh.Store(nil)
	g.Visitor = &stopping{at: 1, do: func() { g.fresh.Store(&old) }}
	require.NoError(t, g.look(within(t)), "all three came with the one page")
	g.fresh.Store(nil)
	register(t, store, 1000, nil)
	g.ahead.Store(int64(2 * time.Hour))
	g.Visitor = &stopping{at: 1, do: func() { g.fresh.Store(&old) }}
	require.ErrorIs(t, g.look(within(t)), old)
	assert.Equal(t, map[Outcome]int{Finished: 1, Failed: 1}, g.endings())
}

func TestWhatAVisitorMadeOfClientsIsCounted(t *testing.T) {
	store := openBolt(t)
	register(t, store, 6, nil)
	g := newGateway(store, "one")
	g.Visitor = sorting{}
	require.NoError(t, g.look(within(t)))
	c := g.Book.Latest()
	assert.EqualValues(t, c.Total()+c.Removed, 6)
	assert.GreaterOrEqual(t, c.Unused, c.Removed)
	assert.EqualValues(t, c.Total(), c.Applications[appID].Live)

	g.ahead.Store(int64(2 * time.Hour))
	broken := errors.New("broken")
	g.Visitor = failing{broken}
	require.ErrorIs(t, g.look(within(t)), broken)
	assert.Equal(t, c, g.Book.Latest(), "the census before stands")
}

// sorting calls every client unused and removes some, by their ids.
type sorting struct{}

func (sorting) Visit(_ context.Context, c state.Client, since int64, keep func(context.Context) error) (Visit, error) {
	return Visit{Unused: true, Removed: c.ID[0]%2 == 0}, keep(context.Background())
}

type failing struct{ err error }

func (f failing) Visit(context.Context, state.Client, int64, func(context.Context) error) (Visit, error) {
	return Visit{}, f.err
}

func TestAfterALongGapNobodyKnowsWhatWasUsed(t *testing.T) {
	store := openBolt(t)
	g := newGateway(store, "one")
	require.NoError(t, g.look(within(t)))
	first := *g.Book.Latest()
	// It expires after days; here somebody takes it away.
	require.NoError(t, store.Put(within(t), plugins.Write{Key: "census"}))
	g.ahead.Store(int64(keepFor))
	require.NoError(t, g.look(within(t)))
	assert.Greater(t, g.Book.Latest().Since, first.Since)
	assert.Equal(t, g.Book.Latest().BeganAt, g.Book.Latest().Since)
}

func TestABookForgetsACensusThatIsGone(t *testing.T) {
	store := openBolt(t)
	g, reader := newGateway(store, "one"), newGateway(store, "two")
	require.NoError(t, g.look(within(t)))
	require.NoError(t, reader.look(within(t)))
	require.NotNil(t, reader.Book.Latest())
	require.NoError(t, store.Put(within(t), plugins.Write{Key: "census"}))
	// Somebody else is at the next one, and it takes long.
	_, err := g.Records.TakeLease(within(t), work, "somebody", time.Minute)
	require.NoError(t, err)
	require.NoError(t, reader.look(within(t)))
	assert.Nil(t, reader.Book.Latest())
}

func TestACensusThatIsReplacedWhileItIsReadIsReadLater(t *testing.T) {
	store := openBolt(t)
	register(t, store, 3, nil)
	g, reader := newGateway(store, "one"), newGateway(store, "two")
	require.NoError(t, g.look(within(t)))
	page, err := store.List(within(t), "census/", "", 10)
	require.NoError(t, err)
	require.NoError(t, store.Put(within(t), plugins.Write{Key: page.Items[0].Key}))
	require.NoError(t, reader.look(within(t)))
	assert.Nil(t, reader.Book.Latest(), "half of it is none")
}

func TestRunTakesOneCensusAfterTheOther(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		register(t, store, 3, nil)
		var gateways []*gateway
		for _, name := range []string{"one", "two", "three"} {
			g := newGateway(store, name)
			g.Every = 100 * time.Millisecond
			g.run(t)
			gateways = append(gateways, g)
		}
		took := func() (n int) {
			for _, g := range gateways {
				n += g.endings()[Finished]
			}
			return n
		}
		require.Eventually(t, func() bool { return took() >= 3 }, 20*time.Second, 10*time.Millisecond)
		register(t, store, 2, nil)
		for _, g := range gateways {
			require.Eventually(t, func() bool {
				latest := g.Book.Latest()
				return latest != nil && latest.Total() == 5
			}, 20*time.Second, 10*time.Millisecond, g.Node)
		}
	})
}

func TestRunGoesOnAfterAStoreThatWasAway(t *testing.T) {
	store := &away{Store: openBolt(t)}
	register(t, store, 1000, nil)
	g := newGateway(store, "one")
	g.Every = 50 * time.Millisecond
	g.run(t)
	require.Eventually(t, func() bool { return g.endings()[Finished] > 0 }, 20*time.Second, time.Millisecond)
	store.lists.Store(true)
	require.Eventually(t, func() bool { return g.endings()[Failed] > 0 }, 20*time.Second, time.Millisecond)
	store.lists.Store(false)
	register(t, store, 1, nil)
	require.Eventually(t, func() bool { return g.Book.Latest().Total() == 1001 }, 20*time.Second, time.Millisecond)
}

// A gateway that has just started needs the census for its limits, and its
// state is not here yet.
func TestAGatewayThatStartsReadsTheCensusSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
		require.NoError(t, err)
		defer store.Close()
		require.NoError(t, newGateway(store, "one").look(t.Context()))
		starting := newGateway(store, "two")
		early := errors.New("too early")
		starting.fresh.Store(&early)
		stop := starting.run(t)
		defer stop()
		time.Sleep(time.Second)
		starting.fresh.Store(nil)
		time.Sleep(2 * lookAgain)
		assert.NotNil(t, starting.Book.Latest())
	})
}
