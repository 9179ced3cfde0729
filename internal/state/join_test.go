package state_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// late is a store whose writes of gateways' places take their time.
type late struct {
	plugins.Store
	by time.Duration
}

func (s late) Put(ctx context.Context, w plugins.Write) error {
	if strings.HasPrefix(w.Key, "node/") && w.Value != nil {
		time.Sleep(s.by)
	}
	return s.Store.Put(ctx, w)
}

// gateway is a replica and its reports.
func gateway(t *testing.T, store plugins.Store, name string) *state.Nodes {
	t.Helper()
	r := &state.Replica{Store: store, Logger: slog.New(slog.DiscardHandler)}
	n := &state.Nodes{Replica: r, Name: name, Instance: rand.Text(), Logger: r.Logger}
	r.Announce = n.Announce
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { r.Run(ctx); ended <- struct{}{} }()
	go func() { n.Run(ctx); ended <- struct{}{} }()
	t.Cleanup(func() { cancel(); <-ended; <-ended })
	return n
}

// Whoever throws a switch waits for every gateway that decides, also for one
// that has only just begun to, and for one that joined at the same moment as
// another did.
func TestAGatewayThatDecidesIsWaitedFor(t *testing.T) {
	store := openStore(t)
	slow := gateway(t, late{store, 300 * time.Millisecond}, "slow")
	thrower := gateway(t, store, "thrower")
	loaded(t, thrower.Replica)
	require.Eventually(t, func() bool {
		others, err := thrower.Await(within(t), thrower.Replica.Position())
		return err == nil && len(others) > 0
	}, 5*time.Second, time.Millisecond)
	loaded(t, slow.Replica)

	_, position, err := state.Records{Store: store}.Throw(within(t), state.Kill{Kind: revocation.Channel, ID: "CNN", At: 1})
	require.NoError(t, err)
	states, err := thrower.Await(within(t), position)
	require.NoError(t, err)
	require.Len(t, states, 2, "one of them decides without that anybody waits for it")
	for _, s := range states {
		assert.True(t, s.Applied, s.Name)
	}
}

// waitedFor are the gateways of which one says that they have applied all that is
// in the store.
func waitedFor(t *testing.T, n *state.Nodes) (names []string) {
	t.Helper()
	end, _, err := n.Replica.Store.Tail(within(t))
	require.NoError(t, err)
	states, err := n.Await(within(t), end)
	require.NoError(t, err)
	for _, s := range states {
		assert.True(t, s.Applied, s.Name)
		names = append(names, s.Name)
	}
	return names
}

// Two gateways of one configuration, node_name and all: what the one reports
// must not pass for what the other has applied.
func TestTwoGatewaysOfOneNameAreToldApart(t *testing.T) {
	store := openStore(t)
	first, second := gateway(t, store, "one"), gateway(t, store, "one")
	loaded(t, first.Replica)
	loaded(t, second.Replica)
	for i := range 100 { // each makes both report
		_, _, err := state.Records{Store: store}.Throw(within(t), state.Kill{Kind: revocation.Channel, ID: fmt.Sprintf("C%d", i), At: 1})
		require.NoError(t, err)
		if len(waitedFor(t, first)) == 2 {
			break
		}
	}
	names := waitedFor(t, first)
	require.Len(t, names, 2)
	assert.Equal(t, "one", names[0])
	assert.Regexp(t, "^one-[a-z2-7]{6}$", names[1])
	assert.Equal(t, names, waitedFor(t, second))
	list, err := second.All(within(t))
	require.NoError(t, err)
	assert.NotEqual(t, list[0].Self, list[1].Self, "each knows which one it is")
}

// A process that crashed is not waited for as soon as the next one has its name.
func TestTheNextProcessTakesOverWhatItsNameHasReported(t *testing.T) {
	store := openStore(t)
	crashed := &state.Nodes{Replica: &state.Replica{Store: store}, Name: "one", Instance: "crashed"}
	require.NoError(t, crashed.Announce(within(t)))
	next := gateway(t, store, "one")
	loaded(t, next.Replica)
	require.Eventually(t, func() bool { return len(waitedFor(t, next)) == 1 }, 5*time.Second, time.Millisecond)
	assert.Equal(t, []string{"one"}, waitedFor(t, next))
}

// A backup that was put back, or a server that took over with less, holds what a
// process of long ago has reported.
func TestAnOldReportUnderTheNameIsNobodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		n := &state.Nodes{Replica: &state.Replica{Store: store}, Name: "one", Instance: "new"}
		require.NoError(t, n.Announce(t.Context()))
		old := &state.Nodes{Replica: &state.Replica{Store: store}, Name: "one", Instance: "old"}
		require.NoError(t, old.Announce(t.Context()))
		time.Sleep(20 * time.Second)
		require.NoError(t, n.Announce(t.Context()))
		list, err := n.All(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, "one", list[0].Name)
		assert.True(t, list[0].Self)
	})
}

// One that ends while the next one of its name is there already takes nothing
// off that is not its own.
func TestAGatewayThatEndsLeavesTheNextOfItsNameAlone(t *testing.T) {
	store := openStore(t)
	old := &state.Nodes{Replica: &state.Replica{Store: store}, Name: "one", Instance: "old"}
	require.NoError(t, old.Announce(within(t)))
	next := &state.Nodes{Replica: &state.Replica{Store: store}, Name: "one", Instance: "next"}
	require.NoError(t, next.Announce(within(t)))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	old.Run(ended)
	list, err := next.All(within(t))
	require.NoError(t, err)
	require.Len(t, list, 1)
	next.Run(ended)
	list, err = next.All(within(t))
	require.NoError(t, err)
	assert.Empty(t, list)
}

// replaced is a store in whose place another one comes while it is listed. The
// other has the same records in another order, as HSCAN of another server has.
type replaced struct {
	plugins.Store
	next plugins.Store
	gone chan struct{}
}

func (s *replaced) other() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

func (s *replaced) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	switch {
	case !s.other():
		page, err := s.Store.List(ctx, prefix, cursor, 1)
		close(s.gone)
		return page, err
	case cursor != "":
		return plugins.Page{}, nil // what it had not shown yet lies in front of that place here
	default:
		return s.next.List(ctx, prefix, "", limit)
	}
}

func (s *replaced) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	if s.other() {
		return s.next.Tail(ctx)
	}
	return s.Store.Tail(ctx)
}

func (s *replaced) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (plugins.Batch, error) {
	if s.other() {
		return s.next.Follow(ctx, after, wait)
	}
	return s.Store.Follow(ctx, after, wait)
}

func TestAListingOfTwoServersIsNotBelieved(t *testing.T) {
	store := &replaced{Store: openStore(t), next: openStore(t), gone: make(chan struct{})}
	clients := []uuid.UUID{uuid.New(), uuid.New()}
	for _, both := range []plugins.Store{store.Store, store.next} {
		for _, id := range clients {
			_, _, err := state.Records{Store: both}.Throw(within(t), state.Kill{Kind: revocation.Client, ID: id.String(), At: 1})
			require.NoError(t, err)
		}
	}
	r := run(t, store)
	loaded(t, r)
	for _, id := range clients {
		_, killed := r.Killed(&revocation.Subject{ClientID: id})
		assert.True(t, killed, "it was decided without a kill that was there all the time")
	}
}

// kept notes how long the places of gateways are to be kept.
type kept struct {
	plugins.Store
	places time.Duration
}

func (s *kept) Put(ctx context.Context, w plugins.Write) error {
	if strings.HasPrefix(w.Key, "node/") {
		s.places = w.TTL
	}
	return s.Store.Put(ctx, w)
}

// A configuration that failed must not have the others forget this gateway
// while the one that goes on still lets it decide.
func TestAGatewayIsRememberedAsLongAsAnyConfigurationLetsItDecide(t *testing.T) {
	store := &kept{Store: openStore(t)}
	n := &state.Nodes{Replica: &state.Replica{Store: store}, Name: "one"}
	forgetRunning := n.Remember(5 * time.Minute)
	forgetFailed := n.Remember(time.Minute)
	for _, step := range []struct {
		after func()
		want  time.Duration
	}{
		{func() {}, 5*time.Minute + 15*time.Second},
		{forgetFailed, 5*time.Minute + 15*time.Second},
		{forgetRunning, 30 * time.Second},
	} {
		step.after()
		require.NoError(t, n.Announce(within(t)))
		assert.Equal(t, step.want, store.places)
	}
}
