package management_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// An import whose keys are no good would take the gateway's own away, and with
// them every client and statement that comes after.
func TestKeysThatAreNoGoodLeaveTheGatewayItsOwn(t *testing.T) {
	w := newWorld(t)
	for use, algorithm := range w.Signing {
		require.NoError(t, w.Keys.Ensure(within(t), use, algorithm))
	}
	there := newWorld(t)
	for use, algorithm := range there.Signing {
		require.NoError(t, there.Keys.Ensure(within(t), use, algorithm))
	}
	good, err := there.Keys.Revealed()
	require.NoError(t, err)
	secrets := map[uint32]string{1: names(there)[0]}
	lacking := slices.DeleteFunc(slices.Clone(good), func(k state.SigningKey) bool { return k.Use == state.KeyForStatements })
	spoilt := slices.Clone(good)
	spoilt[1].Material = []byte("short")

	before := w.Replica.Keys()
	for name, c := range map[string]struct {
		keys        string
		field, says string
	}{
		"an empty key":              {`[{}]`, "keys", "keys[0].Use: "},
		"no keys":                   {`[]`, "keys", "want the keys of an export"},
		"something else":            {`{"keys":1}`, "keys", "want the keys of an export"},
		"one of them is spoilt":     {jsonText(t, spoilt), "keys", "keys[1].Material: "},
		"none for a use":            {jsonText(t, lacking), "keys", "got none for statements"},
		"none that hashed a secret": {jsonText(t, before), "secret_keys", "which is not among the keys"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.BeginImport(within(t), by("bob"), management.ImportOrder{Keys: json.RawMessage(c.keys), SecretKeys: secrets})
			assertFault(t, management.Invalid, c.field, c.says, err)
			assert.Equal(t, before, w.Replica.Keys())
			assert.NotNil(t, w.Keys.Secrets())
		})
	}
	assert.Empty(t, w.entries(t, ann, management.AuditFilter{Operation: "store.import"}))
	w.begin(t, management.ImportOrder{Keys: json.RawMessage(jsonText(t, good)), SecretKeys: secrets})
	require.Eventually(t, func() bool { return assert.ObjectsAreEqual(names(there), names(w)) }, 5*time.Second, time.Millisecond)
}

// No record comes or goes but as a part of what is on record.
func TestRecordsComeAndGoWithWhatIsOnRecord(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	export, err := w.BeginExport(within(t), by("ann"), management.ExportOrder{})
	require.NoError(t, err)
	page, err := w.ExportRecords(within(t), ann, export.Number, state.ClassApplication, management.Part{})
	require.NoError(t, err)
	require.Len(t, page.Records, 1)
	require.Contains(t, page.Records[0].Key, app.ID.String())

	begun := w.begin(t, management.ImportOrder{From: "x"})
	entries := w.entries(t, ann, management.AuditFilter{Operation: "store"})
	require.Len(t, entries, 2)
	assert.Equal(t, []uint64{export.Number, begun}, []uint64{entries[0].Seq, entries[1].Seq})
	for _, wrong := range []uint64{0, begun, export.Number - 1, begun + 1, 1 << 60} {
		_, err = w.ExportRecords(within(t), ann, wrong, state.ClassApplication, management.Part{})
		assertFault(t, management.Invalid, "export", "want the number that the beginning of the export answered", err)
	}
	for _, wrong := range []uint64{0, export.Number, begun + 1} {
		_, err = w.ImportRecords(within(t), by("ann"), management.RestoreOrder{Import: wrong, Records: page.Records})
		assertFault(t, management.Invalid, "import", "want the number that the beginning of the import answered", err)
	}
	_, err = w.ImportRecords(within(t), by("ann"), management.RestoreOrder{Import: begun, Records: page.Records, Overwrite: true})
	assertFault(t, management.Invalid, "overwrite", "was not begun to overwrite", err)
	w.restore(t, begun, page.Records)
	overwriting := w.begin(t, management.ImportOrder{From: "x", Overwrite: true})
	_, err = w.ImportRecords(within(t), by("ann"), management.RestoreOrder{Import: overwriting, Records: page.Records, Overwrite: true})
	require.NoError(t, err)
	assert.JSONEq(t, `{"with_keys":false,"from":"x","overwrites":true}`, string(w.entries(t, ann, management.AuditFilter{Operation: "store.import"})[1].After))
}

func TestAskingWhetherAnImportCouldBeginWritesNothing(t *testing.T) {
	w := newWorld(t)
	for use, algorithm := range w.Signing {
		require.NoError(t, w.Keys.Ensure(within(t), use, algorithm))
	}
	there := newWorld(t)
	for use, algorithm := range there.Signing {
		require.NoError(t, there.Keys.Ensure(within(t), use, algorithm))
	}
	keys, err := there.Keys.Revealed()
	require.NoError(t, err)
	before := w.Replica.Keys()
	begun, err := w.BeginImport(within(t), by("bob"), management.ImportOrder{Keys: json.RawMessage(jsonText(t, keys)), Check: true})
	require.NoError(t, err)
	assert.Zero(t, begun)
	assert.Equal(t, before, w.Replica.Keys())
	assert.Empty(t, w.entries(t, ann, management.AuditFilter{}))
	_, err = w.BeginImport(within(t), by("bob"), management.ImportOrder{SecretKeys: map[uint32]string{1: "x"}, Check: true})
	assertFault(t, management.Invalid, "secret_keys", "which this gateway does not have", err)
}
