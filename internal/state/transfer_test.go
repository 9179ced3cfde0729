package state

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

func openRecords(t *testing.T) Records {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return Records{Store: store}
}

func TestEveryKeyIsOfOneClass(t *testing.T) {
	for class, prefix := range prefixes {
		for other, longer := range prefixes {
			assert.False(t, class != other && strings.HasPrefix(longer, prefix), "%s and %s", class, other)
		}
		found, known := ClassOf(prefix + "x")
		assert.True(t, known)
		assert.Equal(t, class, found)
	}
	for _, class := range Kept {
		assert.Contains(t, prefixes, class)
	}
	assert.Equal(t, ClassAuditHead, Kept[len(Kept)-1], "entries are there when the end of the chain is")
	assert.Less(t, slices.Index(Kept, ClassClient), slices.Index(Kept, ClassKill), "a kill that is thrown meanwhile is not missed")
	_, known := ClassOf("somebody else's")
	assert.False(t, known)
}

func TestHowLongARecordIsKept(t *testing.T) {
	now := time.UnixMilli(1764000000000)
	token := must(encodeToken(TokenKeyOf("a"), Token{ExpiresAt: now.Add(time.Hour).UnixMilli()}))
	gone := must(encodeToken(TokenKeyOf("a"), Token{ExpiresAt: now.Add(-time.Hour).UnixMilli()}))
	ending := must(killWrite(Kill{Kind: "token", ID: "x", At: 1, ExpiresAt: now.Add(time.Minute).UnixMilli()}, nil))
	endless := must(killWrite(Kill{Kind: "client", ID: "x", At: 1}, nil))
	for name, test := range map[string]struct {
		key   string
		value []byte
		ttl   time.Duration
		live  bool
	}{
		"a token":                    {TokenKeyOf("a").key(), token, time.Hour + clockMargin, true},
		"a token that has ended":     {TokenKeyOf("a").key(), gone, 0, false},
		"the kill of a token":        {ending.Key, ending.Value, time.Minute + clockMargin, true},
		"the kill of a client":       {endless.Key, endless.Value, 0, true},
		"a client":                   {"c/x", nil, 0, true},
		"an assertion":               {"j/x", nil, longestAssertion, true},
		"what was asked for":         {"r/i/x", nil, askedFor, true},
		"a gateway":                  {"node/x", nil, 0, false},
		"the list of gateways":       {"nodes", nil, 0, false},
		"a lease":                    {"lease/x", nil, 0, false},
		"what a later version wrote": {"zzz", nil, 0, true},
	} {
		ttl, live := Lifetime(test.key, test.value, now)
		assert.Equal(t, test.ttl, ttl, name)
		assert.Equal(t, test.live, live, name)
	}
}

func TestWhatIsRestored(t *testing.T) {
	w := openRecords(t)
	ctx := t.Context()
	client := fixedClient()
	raw := Raw{clientKey(client.ID), must(encodeClient(client))}
	used := client
	used.LastUsed = 30000
	other := client
	other.SecretMAC = []byte("another")
	restore := func(value []byte, overwrite bool) Restored {
		t.Helper()
		done, err := w.Restore(ctx, []Raw{{raw.Key, value}}, overwrite, time.Now())
		require.NoError(t, err)
		return done[0]
	}
	assert.Equal(t, Written, restore(raw.Value, false))
	assert.Equal(t, Present, restore(raw.Value, false))
	assert.Equal(t, Present, restore(must(encodeClient(used)), false), "the day of the last use makes no other client")
	assert.Equal(t, Conflicting, restore(must(encodeClient(other)), false))
	stored, err := w.Client(ctx, client.ID)
	require.NoError(t, err)
	assert.Equal(t, client.SecretMAC, stored.SecretMAC)
	assert.Equal(t, Overwritten, restore(must(encodeClient(other)), true))

	for name, bad := range map[string]Raw{
		"a key of nothing":     {"zzz", raw.Value},
		"no record":            {raw.Key, []byte("hello")},
		"another's record":     {clientKey(fixedID(9)), raw.Value},
		"another kind":         {"r/a/" + fixedID(1).String(), raw.Value},
		"a record cut short":   {raw.Key, raw.Value[:1]},
		"a later version's":    {raw.Key, append([]byte{9}, raw.Value[1:]...)},
		"a programmer's as it": {"r/p/REF", raw.Value},
	} {
		_, err := w.Restore(ctx, []Raw{bad}, false, time.Now())
		assert.ErrorIs(t, err, ErrNotARecord, name)
	}
}

// A chain is put back where there is none, and never mixed with another.
func TestAChainIsNeverMixedWithAnother(t *testing.T) {
	w := openRecords(t)
	ctx := t.Context()
	entry, hash, err := EncodeAuditEntry(AuditEntry{Seq: 7, Actor: "ann"})
	require.NoError(t, err)
	head := must(AuditHeadWrite(Held[AuditHead]{}, AuditHead{Seq: 7, Hash: hash}))
	restore := func(raws ...Raw) []Restored {
		done, err := w.Restore(ctx, raws, true, time.Now())
		require.NoError(t, err)
		return done
	}
	assert.Equal(t, []Restored{Written}, restore(Raw{auditKey(7), entry}))
	assert.Equal(t, []Restored{Present, Written}, restore(Raw{auditKey(7), entry}, Raw{head.Key, head.Value}))
	assert.Equal(t, []Restored{Present, Present}, restore(Raw{auditKey(7), entry}, Raw{head.Key, head.Value}))
	assert.Equal(t, []Restored{Conflicting}, restore(Raw{auditKey(8), entry}), "the chain here has no such entry")
	_, err = w.Store.Append(ctx, plugins.Write{Key: head.Key, Value: must(AuditHeadWrite(Held[AuditHead]{}, AuditHead{Seq: 8, Hash: hash})).Value})
	require.NoError(t, err)
	assert.Equal(t, []Restored{Conflicting}, restore(Raw{head.Key, head.Value}), "it has gone on")
}
