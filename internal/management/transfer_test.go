package management_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// takeAll exports everything that a gateway has on record.
func (w *world) takeAll(t *testing.T) []state.Raw {
	t.Helper()
	export, err := w.BeginExport(within(t), by("ann"), management.ExportOrder{})
	require.NoError(t, err)
	var all []state.Raw
	for _, class := range export.Classes {
		for cursor, first := "", true; first || cursor != ""; first = false {
			page, err := w.ExportRecords(within(t), ann, export.Number, class, management.Part{Cursor: cursor, Limit: 3})
			require.NoError(t, err)
			all = append(all, page.Records...)
			cursor = page.Cursor
		}
	}
	return all
}

// restore puts records of an import back: first asking whether that is possible.
func (w *world) restore(t *testing.T, number uint64, raws []state.Raw) map[state.Restored]int {
	t.Helper()
	counts := map[state.Restored]int{}
	for len(raws) > 0 {
		n := min(len(raws), 7)
		order := management.RestoreOrder{Import: number, Records: raws[:n], Check: true}
		asked, err := w.ImportRecords(within(t), by("ann"), order)
		require.NoError(t, err)
		require.Empty(t, asked.Results)
		order.Check = false
		done, err := w.ImportRecords(within(t), by("ann"), order)
		require.NoError(t, err)
		for _, result := range done.Results {
			counts[result]++
		}
		raws = raws[n:]
	}
	return counts
}

// apart are the records of the audit, and all others.
func apart(raws []state.Raw) (audits, others []state.Raw) {
	for _, raw := range raws {
		if class, _ := state.ClassOf(raw.Key); class == state.ClassAuditEntry || class == state.ClassAuditHead {
			audits = append(audits, raw)
		} else {
			others = append(others, raw)
		}
	}
	return audits, others
}

// begin begins an import.
func (w *world) begin(t *testing.T, order management.ImportOrder) uint64 {
	t.Helper()
	begun, err := w.BeginImport(within(t), by("bob"), order)
	require.NoError(t, err)
	require.NotZero(t, begun.Number)
	return begun.Number
}

func TestEverythingIsTakenAlong(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		require.NoError(t, w.Keys.Ensure(within(t), state.KeyForSecrets, "HS256"))
		w.settle(t)
		w.apply(t, streamingOf("NEW"))
		own := w.belongings(t, "REF", "REF30")
		w.revoke(t, "client", own.client.String())
		w.revoke(t, "platform", "tvOS")
		identity, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		export, err := w.BeginExport(within(t), by("ann"), management.ExportOrder{Recipients: []string{identity.Recipient().String()}})
		require.NoError(t, err)
		all := w.takeAll(t)

		there := newWorld(t)
		require.NoError(t, there.Keys.Ensure(within(t), state.KeyForSecrets, "HS256"))
		_, err = there.BeginImport(within(t), by("bob"), management.ImportOrder{SecretKeys: export.SecretKeys})
		assertFault(t, management.Invalid, "secret_keys", "which this gateway does not have", err)
		opened, err := age.Decrypt(bytes.NewReader(export.Keys), identity)
		require.NoError(t, err)
		keys, err := io.ReadAll(opened)
		require.NoError(t, err)

		audits, others := apart(all)
		assert.Equal(t, map[state.Restored]int{state.Written: len(audits)}, there.restore(t, 0, audits))
		counts := there.restore(t, there.begin(t, management.ImportOrder{}), others)
		assert.Equal(t, map[state.Restored]int{state.Written: len(others)}, counts)
		_, err = there.BeginImport(within(t), by("bob"), management.ImportOrder{Keys: keys})
		require.Error(t, err, "there are clients that depend on its own")

		fresh := newWorld(t)
		require.NoError(t, fresh.Keys.Ensure(within(t), state.KeyForSecrets, "HS256"))
		fresh.restore(t, 0, audits)
		number := fresh.begin(t, management.ImportOrder{Keys: keys, SecretKeys: export.SecretKeys, From: "x"})
		assert.Equal(t, map[state.Restored]int{state.Written: len(others)}, fresh.restore(t, number, others))
		number = fresh.begin(t, management.ImportOrder{Keys: keys, SecretKeys: export.SecretKeys})
		assert.Equal(t, map[state.Restored]int{state.Present: len(others)}, fresh.restore(t, number, others), "it can be done again")

		app, err := fresh.Application(within(t), ann, own.app)
		require.NoError(t, err)
		assert.Equal(t, "Demo", app.Name)
		client, err := fresh.Client(within(t), ann, own.client)
		require.NoError(t, err)
		assert.Equal(t, "client", client.StoppedBy)
		assert.Len(t, fresh.keyed(t, "demo"), 1)
		kills, err := fresh.Kills(within(t), ann, "", management.Part{})
		require.NoError(t, err)
		assert.Len(t, kills.Kills, 2)
		fresh.whole(t)
		entries := fresh.entries(t, ann, management.AuditFilter{Operation: "store.import"})
		require.Len(t, entries, 2)
		assert.JSONEq(t, `{"with_keys":true,"from":"x"}`, string(entries[0].After))
		assert.Equal(t, names(w), names(fresh))
	})
}

// names are the ids of the keys that a gateway has for secrets.
func names(w *world) []string {
	var ids []string
	for _, k := range w.Replica.Keys() {
		if k.Use == state.KeyForSecrets {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

func streamingOf(programmer string) (m manifest.Manifest) {
	m = streaming()
	m.Programmers[0].ID, m.Applications[0].Programmer = programmer, programmer
	m.Programmers[0].Channels[0].ID, m.Programmers[0].Channels[1].ID = programmer+"1", programmer+"2"
	m.Applications[0].Channels = []string{programmer + "1"}
	return m
}

func TestWhatLeavesTheGatewayHoldsNoKey(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Keys.Ensure(within(t), state.KeyForSecrets, "HS256"))
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	export, err := w.BeginExport(within(t), by("ann"), management.ExportOrder{Recipients: []string{identity.Recipient().String()}})
	require.NoError(t, err)
	text, err := json.Marshal(export)
	require.NoError(t, err)
	text = append(text, []byte(jsonText(t, w.takeAll(t)))...)
	keys, err := w.Keys.Revealed()
	require.NoError(t, err)
	require.NotEmpty(t, keys)
	for _, k := range keys {
		assert.NotContains(t, string(text), jsonText(t, k.Material)[1:20])
	}
	_, err = w.ExportRecords(within(t), ann, export.Number, state.ClassKey, management.Part{})
	assertFault(t, management.Invalid, "class", `got "key"`, err)
	_, err = w.BeginExport(within(t), by("ann"), management.ExportOrder{Recipients: []string{"ssh-rsa x"}})
	assertFault(t, management.Invalid, "recipients", "want an age recipient", err)
	_, err = w.ImportRecords(within(t), by("ann"), management.RestoreOrder{Records: []state.Raw{{Key: "r/s/secret/1", Value: []byte{1, 5, 0xa0}}}})
	assertFault(t, management.Invalid, "records", "of no kind that is imported", err)
	_, err = w.ImportRecords(within(t), by("ann"), management.RestoreOrder{Records: []state.Raw{{Key: "r/a/" + uuid.NewString(), Value: []byte{1, 3, 0xa0}}}})
	assertFault(t, management.Invalid, "records", "no record that this gateway can read", err)
}

func jsonText(t *testing.T, value any) string {
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

func TestTakingAlongIsForOperators(t *testing.T) {
	w := newWorld(t)
	for _, who := range []access.Actor{refAdmin, reader} {
		_, err := w.BeginExport(within(t), call(who), management.ExportOrder{})
		assertFault(t, management.Forbidden, "", "store.export", err)
		_, err = w.ExportRecords(within(t), who, 1, state.ClassClient, management.Part{})
		assertFault(t, management.Forbidden, "", "store.export", err)
		_, err = w.BeginImport(within(t), call(who), management.ImportOrder{Check: true})
		assertFault(t, management.Forbidden, "", "store.import", err)
		_, err = w.ImportRecords(within(t), call(who), management.RestoreOrder{})
		assertFault(t, management.Forbidden, "", "store.import", err)
	}
}
