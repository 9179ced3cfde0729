package adapt

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the results into the fixtures instead of comparing them")

// separator stands between a fixture's Caddyfile and its result, as in Caddy's
// own fixtures.
const separator = "----------"

// fixture is one file of testdata: a Caddyfile, and what becomes of it.
type fixture struct {
	name, file     string
	config, result string
}

// fixtures reads those of one folder of testdata.
func fixtures(t testing.TB, folder string) []fixture {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.caddyfiletest"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := make([]fixture, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		config, result, _ := strings.Cut(string(text), separator)
		found = append(found, fixture{
			name:   strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"),
			file:   file,
			config: strings.TrimSpace(config) + "\n",
			result: strings.TrimSpace(result),
		})
	}
	return found
}

// check compares the result with the fixture's, or writes it there.
func (f fixture) check(t *testing.T, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(f.file, []byte(f.config+separator+"\n"+got+"\n"), 0o600))
		return
	}
	require.Equal(t, f.result, got, "%s; after a change that is meant, run the test with -update and read the difference", f.file)
}
