package hardening

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// traces is the place that knows no better: see misplaced.
const traces = "the traces"

// places is everything that the gateway has written, by where it stands.
func (s *secrets) places() map[string]string {
	t, w := s.t, s.w
	admin := func(path string) string { return fetch(t, "http://"+w.Admin+path) }
	var answers strings.Builder
	for _, path := range []string{"applications", "clients", "clients?limit=100", "kills", "routes", "health/ready"} {
		answers.WriteString(admin("/dcr/" + path))
	}
	return map[string]string{
		"the log":                       w.Log(),
		"the metrics":                   w.Do(http.MethodGet, "/metrics", "").Body,
		"the metrics of the admin":      admin("/metrics"),
		"the configuration dump":        admin("/config/"),
		"the variables":                 admin("/debug/vars"),
		"the command line":              admin("/debug/pprof/cmdline"),
		"the stacks":                    admin("/debug/pprof/goroutine?debug=2"),
		"the management API":            answers.String(),
		"what commands said":            s.said.String(),
		traces:                          s.traces.Text(),
		"files, with the autosaved one": s.files(),
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", url, body)
	return string(body)
}

// files are all of the gateway's own folder, with the embedded store and the
// autosaved configuration, and the dump of a Redis.
func (s *secrets) files() string {
	t := s.t
	var all strings.Builder
	saved := false
	err := filepath.WalkDir(s.w.Dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		saved = saved || filepath.Base(name) == "autosave.json"
		text, err := os.ReadFile(name)
		fmt.Fprintf(&all, "%s\n%s\n", name, text)
		return err
	})
	require.NoError(t, err)
	require.True(t, saved, "there is no autosave.json")
	return all.String()
}
