package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestWhatHappenedIsOnRecord(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(t, store, "gateway-1")
		assert.Equal(t, audit.Verification{Whole: true, Breaks: []audit.Break{}, Hash: ""}, verify(t, store), "a chain without entries is whole")
		g.do(t, "a")
		g.do(t, "b", "c")
		g.do(t, "d")
		assert.Equal(t, []string{"a", "b", "c", "d"}, targets(t, store))
		v := verify(t, store)
		assert.True(t, v.Whole)
		assert.Equal(t, uint64(4), v.From)
		assert.Equal(t, uint64(1), v.To)
		for _, name := range []string{"a", "b", "c", "d"} {
			assert.True(t, happened(t, store, name))
		}
		assert.Equal(t, 4, g.tally.of(audit.Recorded))
	})
}

func TestWhatAPlanRefusesIsNotOnRecord(t *testing.T) {
	g := newGateway(t, openBolt(t), "gateway-1")
	no := errors.New("no")
	_, err := g.Commit(within(t), func(context.Context) (audit.Act, error) { return audit.Act{}, no })
	assert.Equal(t, no, err, "the error of a plan is passed on as it is")
	position, err := g.Commit(within(t), func(context.Context) (audit.Act, error) { return audit.Act{}, nil })
	require.NoError(t, err)
	assert.Zero(t, position, "an act that has nothing to do does nothing")
	assert.Empty(t, targets(t, g.store))
}

// Several gateways, each with several administrators, all at once: nothing is
// lost, nothing is there twice, and the chain is whole.
func TestManyGatewaysWriteOneChain(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		const gateways, admins, acts = 3, 3, 6
		var waiting sync.WaitGroup
		var want []string
		contended := 0
		var all []*gateway
		for i := range gateways {
			g := newGateway(t, store, fmt.Sprintf("gateway-%d", i))
			all = append(all, g)
			for j := range admins {
				for k := range acts {
					want = append(want, fmt.Sprintf("%d-%d-%d", i, j, k))
				}
				waiting.Go(func() {
					for k := range acts {
						_, err := g.Commit(within(t), act(fmt.Sprintf("%d-%d-%d", i, j, k)))
						assert.NoError(t, err)
					}
				})
			}
		}
		waiting.Wait()
		assert.ElementsMatch(t, want, targets(t, store))
		assert.True(t, verify(t, store).Whole)
		for _, g := range all {
			contended += g.tally.of(audit.Contended)
			assert.Equal(t, admins*acts, g.tally.of(audit.Recorded))
		}
		t.Logf("%d acts, %d attempts made again", len(want), contended)
	})
}

// A gateway can end, or lose its store, before and after every single write of
// an act. Whatever it was: the act happened if and only if it is on record, and
// the chain goes on.
func TestActAndEntryAreOne(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(t, store, "gateway-1")
		g.do(t, "a", "b")
		g.cancel()
		for _, after := range []bool{false, true} {
			for point := int64(1); point <= 4; point++ {
				name := fmt.Sprintf("%v-%d", after, point)
				weak := &troubled{Store: store}
				dying := newGateway(t, weak, "dying")
				weak.after.Store(after)
				weak.left.Store(point + 1)
				_, err := dying.Commit(within(t), act(name, name+"+"))
				dying.cancel()
				assert.Equal(t, happened(t, store, name), slices.Contains(targets(t, store), name), name)
				if err == nil {
					assert.True(t, happened(t, store, name), name)
				} else {
					assert.ErrorIs(t, err, plugins.ErrUnavailable)
				}
				next := newGateway(t, store, "next")
				next.do(t, "after "+name)
				next.cancel()
				assert.True(t, verify(t, store).Whole, name)
				assert.Equal(t, happened(t, store, name), slices.Contains(targets(t, store), name), "%s: also when others went on", name)
			}
		}
	})
}

func TestAnActWhoseAnswerWasLostIsUncertain(t *testing.T) {
	weak := &troubled{Store: openBolt(t)}
	g := newGateway(t, weak, "gateway-1")
	weak.after.Store(true)
	weak.left.Store(2)
	_, err := g.Commit(within(t), act("a"))
	require.ErrorIs(t, err, audit.ErrUncertain)
	assert.True(t, happened(t, weak, "a"))
	assert.Equal(t, []string{"a"}, targets(t, weak))
}

// In a Cluster the entries lie elsewhere than the records: while that place is
// away, acts go on, and their entries are carried along.
func TestEntriesThatCannotBeStoredAreCarriedAlong(t *testing.T) {
	weak := &troubled{Store: openBolt(t)}
	g := newGateway(t, weak, "gateway-1")
	weak.puts.Store(true)
	g.doMany(t, 5)
	assert.True(t, verify(t, weak).Whole)
	assert.Len(t, targets(t, weak), 5)
	held, err := state.Records{Store: weak}.AuditHead(within(t))
	require.NoError(t, err)
	assert.Len(t, held.Record.Pending, 5)

	weak.puts.Store(false)
	g.do(t, "after")
	held, err = state.Records{Store: weak}.AuditHead(within(t))
	require.NoError(t, err)
	assert.Len(t, held.Record.Pending, 1, "all others lie where they stay")
	assert.True(t, verify(t, weak).Whole)
	assert.Len(t, targets(t, weak), 6)
}

func TestABacklogHasAnEndButNotForKillSwitches(t *testing.T) {
	weak := &troubled{Store: openBolt(t)}
	g := newGateway(t, weak, "gateway-1")
	weak.puts.Store(true)
	names := make([]string, 500)
	for i := range names {
		names[i] = fmt.Sprintf("n%d", i)
	}
	g.do(t, names...)
	_, err := g.Commit(within(t), act("more"))
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
	assert.False(t, happened(t, weak, "more"))

	_, err = g.CommitUrgent(within(t), act("kill"))
	require.NoError(t, err)
	assert.True(t, happened(t, weak, "kill"))
	assert.Equal(t, 1, g.tally.of(audit.Unrecorded))
}

func TestAnEmergencyIsNoTimeForBookkeeping(t *testing.T) {
	store := openBolt(t)
	g := newGateway(t, store, "gateway-1")
	g.do(t, "a")
	_, err := store.Append(within(t), plugins.Write{Key: plugins.ReplicaPrefix + "h", Value: []byte("garbage")})
	require.NoError(t, err)

	_, err = g.Commit(within(t), act("b"))
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
	assert.False(t, happened(t, store, "b"))

	_, err = g.CommitUrgent(within(t), act("kill"))
	require.NoError(t, err)
	assert.True(t, happened(t, store, "kill"), "a record that is out of order stops no kill switch")
	assert.Equal(t, 1, g.tally.of(audit.Unrecorded))
}

// A gateway that has not heard of the newest acts throws a switch all the
// same, and puts it on record.
func TestAnUrgentActDoesNotWaitForTheReplica(t *testing.T) {
	store := openBolt(t)
	behind := newGateway(t, store, "behind")
	behind.cancel()
	ahead := newGateway(t, store, "ahead")
	ahead.doMany(t, 3)
	_, err := behind.CommitUrgent(within(t), act("kill"))
	require.NoError(t, err)
	assert.Equal(t, []string{"p1", "p2", "p3", "kill"}, targets(t, store))
	assert.True(t, verify(t, store).Whole)
}

// Whatever gateways do in whatever order, with whatever failing: the entries
// are those of what happened, in one whole chain.
func TestTheChainIsWhole(t *testing.T) {
	store := openBolt(t)
	weak := &troubled{Store: store}
	gateways := []*gateway{newGateway(t, weak, "one"), newGateway(t, weak, "two")}
	count := 0
	var all []string
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 4).Draw(rt, "acts") {
			g := rapid.SampledFrom(gateways).Draw(rt, "gateway")
			names := make([]string, rapid.IntRange(1, 3).Draw(rt, "entries"))
			for i := range names {
				count++
				names[i] = fmt.Sprintf("n%d", count)
			}
			all = append(all, names...)
			weak.puts.Store(rapid.IntRange(0, 3).Draw(rt, "no puts") == 0)
			weak.after.Store(rapid.Bool().Draw(rt, "after"))
			weak.left.Store(rapid.SampledFrom([]int64{0, 0, 0, 2, 3}).Draw(rt, "cut"))
			do := g.Commit
			if rapid.Bool().Draw(rt, "urgent") {
				do = g.CommitUrgent
			}
			_, _ = do(within(t), act(names...))
			weak.left.Store(0)
		}
		v := verify(t, store)
		require.True(rt, v.Whole, "%+v", v.Breaks)
	})
	var want []string
	for _, name := range all {
		if happened(t, store, name) {
			want = append(want, name)
		}
	}
	assert.Equal(t, want, targets(t, store))
	assert.NotEqual(t, len(all), len(want), "some of it must have failed, or the test shows little")
}
