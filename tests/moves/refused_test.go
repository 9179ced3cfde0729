package moves

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/transfer"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
)

// What a gateway cannot take, it takes no part of.
func TestARefusedImportLeavesNothingBehind(t *testing.T) {
	gateways := fleet.Start(t, fleet.Config{Stores: []string{"", ""}})
	from, to := gateways[0], gateways[1]
	application, client, _ := from.Enroll(fleet.App())
	from.MustDCR("client", "revoke", client.ClientID)
	file := filepath.Join(t.TempDir(), "backup.ndjson")
	from.MustDCR("export", file)

	nothing := func(t *testing.T) {
		t.Helper()
		assert.NotContains(t, to.MustDCR("audit", "list"), "client.revoke", "the audit of the file")
		assert.NotContains(t, to.MustDCR("audit", "list"), "store.import")
		assert.NotContains(t, to.MustDCR("app", "list"), application)
		assert.NotContains(t, to.MustDCR("kills", "list"), client.ClientID)
	}
	t.Run("for its keys", func(t *testing.T) {
		refused := to.DCR("import", file)
		assert.Equal(t, 1, refused.Status)
		assert.Contains(t, refused.Stderr, "which this gateway does not have")
		nothing(t)
	})
	t.Run("for a record that nobody can read", func(t *testing.T) {
		refused := to.DCR("import", later(t, file), "--skip", "client")
		assert.Equal(t, 1, refused.Status)
		assert.Contains(t, refused.Stderr, "no record that this gateway can read")
		nothing(t)
	})
	to.MustDCR("import", file, "--skip", "client")
	assert.Contains(t, to.MustDCR("audit", "list"), "client.revoke")
	assert.Contains(t, to.MustDCR("app", "list"), application)
}

// later is the export with one more record at its end, as a later version of the
// gateway might write it.
func later(t *testing.T, file string) string {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	defer in.Close()
	r, err := transfer.NewReader(in)
	require.NoError(t, err)
	spoilt := file + ".later"
	out, err := os.Create(spoilt)
	require.NoError(t, err)
	defer out.Close()
	w, err := transfer.NewWriter(out, r.Header)
	require.NoError(t, err)
	for {
		record, err := r.Next()
		if err != nil {
			break
		}
		require.NoError(t, w.Add(record))
	}
	require.NoError(t, w.Add(transfer.Record{Class: "kill", Key: "r/k/token/x", Value: []byte{99, 1, 2}}))
	require.NoError(t, w.End())
	return spoilt
}
