package adapt

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/stretchr/testify/require"
)

// Every option is fuzzed where it stands: in the global block and in a guard's.
const fuzzed = "{\n\tdcr {\n{GLOBAL}\n\t}\n}\n\nlocalhost {\n\tdcr_guard {\n{GUARD}\n\t}\n}\n"

// place is how an error says where it is.
var place = regexp.MustCompile(`Caddyfile:\d+`)

// FuzzCaddyfile holds that no Caddyfile makes the module panic, neither where
// it is read nor where it is taken up, and that whoever wrote it is told the
// line.
func FuzzCaddyfile(f *testing.F) {
	world(f)
	for _, folder := range []string{"adapt", "broken", "provision"} {
		for _, fixture := range fixtures(f, folder) {
			global, guard := blocksOf(fixture.config)
			f.Add(global, guard)
		}
	}
	adapter := caddyconfig.GetAdapter("caddyfile")
	f.Fuzz(func(t *testing.T, global, guard string) {
		if strings.Contains(global+guard, "import") {
			return // which reads files, and is Caddy's own
		}
		text := strings.NewReplacer("{GLOBAL}", global, "{GUARD}", guard).Replace(fuzzed)
		result, _, err := adapter.Adapt([]byte(text), map[string]any{"filename": filepath.Join("x", "Caddyfile")})
		if err != nil {
			if _, broken := caddyfile.Tokenize([]byte(text), "Caddyfile"); broken == nil && strings.Contains(err.Error(), "dcr") {
				require.Regexp(t, place, err.Error())
			}
			return
		}
		var parsed caddy.Config
		if caddy.StrictUnmarshalJSON(result, &parsed) == nil {
			_ = caddy.Validate(&parsed) // the text of an error is another test's
		}
	})
}

// blocksOf cuts the lines of the global dcr block and of the first guard out
// of a fixture.
func blocksOf(config string) (global, guard string) {
	return blockOf(config, "\tdcr {\n"), blockOf(config, "dcr_guard {\n")
}

func blockOf(config, begin string) string {
	_, rest, found := strings.Cut(config, begin)
	if !found {
		return ""
	}
	depth := 1
	for i := range len(rest) {
		switch rest[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return strings.TrimRight(rest[:i], "\t\n")
		}
	}
	return rest
}
