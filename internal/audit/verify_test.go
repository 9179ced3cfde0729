package audit_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// forger is somebody who can write to the store.
type forger struct {
	t     *testing.T
	store plugins.Store
}

func (f forger) raw(seq uint64) []byte {
	raws, err := state.Records{Store: f.store}.AuditEntries(within(f.t), seq)
	require.NoError(f.t, err)
	return raws[0]
}

func (f forger) put(seq uint64, raw []byte) {
	require.NoError(f.t, f.store.Put(within(f.t), plugins.Write{Key: fmt.Sprintf("audit/%d", seq), Value: raw}))
}

// edit changes an entry and makes it look whole in itself.
func (f forger) edit(seq uint64, change func(*state.AuditEntry)) []byte {
	entry, err := state.DecodeAuditEntry(f.raw(seq))
	require.NoError(f.t, err)
	change(&entry)
	raw, _, err := state.EncodeAuditEntry(entry)
	require.NoError(f.t, err)
	return raw
}

func (f forger) head() state.Held[state.AuditHead] {
	held, err := state.Records{Store: f.store}.AuditHead(within(f.t))
	require.NoError(f.t, err)
	return held
}

func (f forger) setHead(next state.AuditHead) {
	w, err := state.AuditHeadWrite(f.head(), next)
	require.NoError(f.t, err)
	_, err = f.store.Append(within(f.t), w)
	require.NoError(f.t, err)
}

func TestTheVerifierSaysWhereTheChainBreaks(t *testing.T) {
	for name, test := range map[string]struct {
		forge func(forger)
		want  []string
	}{
		"nothing was done":       {func(forger) {}, nil},
		"an entry was taken out": {func(f forger) { f.put(4, nil) }, []string{"4 missing"}},
		"the first was taken out": {
			func(f forger) { f.put(1, nil) }, []string{"1 missing"},
		},
		"two in a row were taken out": {
			func(f forger) { f.put(4, nil); f.put(5, nil) }, []string{"5 missing", "4 missing"},
		},
		"an actor was changed": {
			func(f forger) { f.put(4, f.edit(4, func(e *state.AuditEntry) { e.Actor = "bob" })) }, []string{"4 altered"},
		},
		"one byte was changed": {
			func(f forger) { raw := f.raw(7); raw[len(raw)-1] ^= 1; f.put(7, raw) }, []string{"7 altered"},
		},
		"an entry was replaced with another": {
			func(f forger) { f.put(4, f.raw(3)) }, []string{"4 altered", "3 altered"},
		},
		"two entries changed places": {
			func(f forger) { three, four := f.raw(3), f.raw(4); f.put(3, four); f.put(4, three) },
			[]string{"4 altered", "3 altered", "2 altered"},
		},
		"an entry is garbage": {
			func(f forger) { f.put(4, []byte("garbage")) }, []string{"4 unreadable"},
		},
		"the first claims to follow another": {
			func(f forger) { f.put(1, f.edit(1, func(e *state.AuditEntry) { e.Prev[0] = 1 })) }, []string{"1 altered"},
		},
		"the newest was changed where the chain ends": {
			func(f forger) {
				head := f.head().Record
				entry, err := state.DecodeAuditEntry(head.Pending[0])
				require.NoError(f.t, err)
				entry.Actor = "bob"
				head.Pending[0], _, err = state.EncodeAuditEntry(entry)
				require.NoError(f.t, err)
				f.setHead(head)
			}, []string{"10 altered"},
		},
		"the end was changed to one that never was": {
			func(f forger) { head := f.head().Record; head.Hash[0] ^= 1; f.setHead(head) }, []string{"10 altered"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := openBolt(t)
			newGateway(t, store, "gateway-1").doMany(t, 10)
			test.forge(forger{t, store})
			v := verify(t, store)
			var found []string
			for _, b := range v.Breaks {
				found = append(found, fmt.Sprintf("%d %s", b.Seq, b.Fault))
				assert.NotEmpty(t, b.Why)
			}
			assert.Equal(t, test.want, found)
			assert.Equal(t, len(test.want) == 0, v.Whole)
		})
	}
}

// Who can write to the store can write the whole chain anew, or take its newest
// entries off. What was noted elsewhere shows it.
func TestAnAnchorShowsWhatTheChainAloneCannot(t *testing.T) {
	store := openBolt(t)
	g := newGateway(t, store, "gateway-1")
	g.doMany(t, 9)
	noted := verify(t, store)
	g.do(t, "p10")
	anchor, err := audit.ParseAnchor(fmt.Sprintf("%d:%s", noted.From, noted.Hash))
	require.NoError(t, err)
	assert.True(t, verify(t, store, anchor).Whole)

	f := forger{t, store}
	head := f.head()
	// Entry 9 is written anew, and 10 chained to it.
	nine, nineHash, err := state.EncodeAuditEntry(func() state.AuditEntry {
		e, err := state.DecodeAuditEntry(f.raw(9))
		require.NoError(t, err)
		e.Actor = "bob"
		return e
	}())
	require.NoError(t, err)
	ten, err := state.DecodeAuditEntry(head.Record.Pending[0])
	require.NoError(t, err)
	ten.Prev = nineHash
	raw, hash, err := state.EncodeAuditEntry(ten)
	require.NoError(t, err)
	f.put(9, nine)
	f.setHead(state.AuditHead{Seq: 10, Hash: hash, Pending: [][]byte{raw}})
	assert.True(t, verify(t, store).Whole, "the chain in itself cannot tell")
	v := verify(t, store, anchor)
	require.Len(t, v.Breaks, 1)
	assert.Equal(t, audit.Unanchored, v.Breaks[0].Fault)

	// The newest are taken off.
	eight := f.raw(8)
	f.setHead(state.AuditHead{Seq: 8, Hash: state.HashOfAudit(eight), Pending: [][]byte{eight}})
	assert.True(t, verify(t, store).Whole)
	v = verify(t, store, anchor)
	require.Len(t, v.Breaks, 1)
	assert.Equal(t, uint64(9), v.Breaks[0].Seq)
	assert.Contains(t, v.Breaks[0].Why, "ends at entry 8")
}

// A failover can lose the newest records, and with them the end of the chain,
// while the entries, which lie elsewhere, stay. What was done after that is on
// record beside what was lost.
func TestAStoreThatLostTheEndIsFoundOut(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		g := newGateway(t, store, "gateway-1")
		g.do(t, "a")
		g.do(t, "b")
		f := forger{t, store}
		before := f.head().Record
		g.do(t, "lost c")
		g.do(t, "lost d")
		g.cancel()
		f.setHead(before)
		g = newGateway(t, store, "gateway-2")
		g.do(t, "c")
		g.do(t, "d")
		g.do(t, "e")
		assert.Equal(t, []string{"a", "b", "c", "d", "e"}, targets(t, store))
		v := verify(t, store)
		require.Len(t, v.Breaks, 1)
		assert.Equal(t, uint64(3), v.Breaks[0].Seq)
		assert.Equal(t, audit.Forked, v.Breaks[0].Fault)
		lost, err := state.DecodeAuditEntry(f.raw(3))
		require.NoError(t, err)
		assert.Equal(t, "programmer/lost c", lost.Target, "what was lost is still there to be read")
	})
}

func TestAnchors(t *testing.T) {
	hash := fmt.Sprintf("%064x", 5)
	a, err := audit.ParseAnchor("12:" + hash)
	require.NoError(t, err)
	assert.Equal(t, uint64(12), a.Seq)
	for _, text := range []string{"", "12", "12-" + hash, "0:" + hash, "x:" + hash, "12:", "12:" + hash[1:], "12:" + hash + "0", "12:z" + hash[1:]} {
		_, err := audit.ParseAnchor(text)
		assert.ErrorContains(t, err, "anchor: got", "%q", text)
	}
}
