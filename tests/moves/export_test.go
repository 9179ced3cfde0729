package moves

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// What one gateway exports, another one, over another kind of store, imports,
// and its clients notice nothing.
func TestClientsNoticeNothingOfAnExportAndAnImport(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{})
	gateways := fleet.Start(t, fleet.Config{Stores: []string{"", "redis " + redis.URL()}})
	from, to := gateways[0], gateways[1]
	application, client, _ := from.Enroll(fleet.App())
	_, dead, _ := from.Enroll(fleet.App())
	from.MustDCR("client", "revoke", dead.ClientID)
	statement := from.IssueStatement(application)

	dir := t.TempDir()
	file, passphrase := filepath.Join(dir, "backup.ndjson"), filepath.Join(dir, "passphrase")
	require.NoError(t, os.WriteFile(passphrase, []byte("correct horse battery staple\n"), 0o600))
	from.MustDCR("export", file, "--with-keys", "--passphrase-file", passphrase)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.NotContains(t, string(text), client.ClientSecret)

	without := to.DCR("import", file)
	assert.Equal(t, 1, without.Status)
	assert.Contains(t, without.Stderr, "which this gateway does not have")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wrong"), []byte("another passphrase"), 0o600))
	wrong := to.DCR("import", file, "--passphrase-file", filepath.Join(dir, "wrong"))
	assert.Contains(t, wrong.Stderr, "cannot be decrypted")
	damaged := filepath.Join(dir, "damaged")
	require.NoError(t, os.WriteFile(damaged, text[:len(text)-5], 0o600))
	assert.Contains(t, to.DCR("import", damaged).Stderr, "nothing was imported")
	assert.NotContains(t, to.MustDCR("app", "list"), application)

	done := to.MustDCR("import", file, "--passphrase-file", passphrase)
	assert.Contains(t, done, "client")
	harness.Eventually(t, "for the imported keys to be in use", func() bool {
		return to.PostToken(client.Form()).Status == http.StatusCreated
	})
	token := to.Token(client)
	assert.Equal(t, http.StatusOK, to.Do(http.MethodGet, fleet.Call, "", token.Bearer()).Status)
	assert.Contains(t, to.PostToken(dead.Form()).Body, "invalid_client", "what was killed stays so")
	to.Register(statement)
	assert.Contains(t, to.MustDCR("audit", "verify"), "one whole chain")
	assert.Contains(t, to.MustDCR("audit", "list"), "store.export", "the audit goes on where that of the other ends")

	again := to.DCR("import", file, "--passphrase-file", passphrase)
	assert.Equal(t, 0, again.Status, "%s%s", again.Stdout, again.Stderr)
	piped := to.CaddyWithInput(string(text), "dcr", "--address", to.Admin, "import", "-", "--passphrase-file", passphrase, "--json")
	assert.Equal(t, 0, piped.Status, piped.Stderr)
	assert.Contains(t, piped.Stdout, `"present"`)
	assert.Equal(t, 2, from.DCR("export", file, "--with-keys").Status)
	out := from.MustDCR("export", "-")
	assert.True(t, strings.HasPrefix(out, `{"format":"caddy-dcr-export"`), out[:40])
}
