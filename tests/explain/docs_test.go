package explain

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

var update = flag.Bool("update", false, "write the tables of reasons instead of comparing them")

const page = "../../docs/explain.md"

// reason is a value of one of the closed sets.
type reason interface {
	~string
	Message() string
	Advice() string
}

func table[R reason](reasons []R) string {
	var b strings.Builder
	b.WriteString("| reason | what it means | what to do |\n|---|---|---|\n")
	for _, r := range reasons {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", string(r), r.Message(), r.Advice())
	}
	return b.String()
}

// A person on call must find every reason that there is, and none that there
// is not.
func TestThePageHasEveryReason(t *testing.T) {
	content, err := os.ReadFile(page)
	require.NoError(t, err)
	text := string(content)
	tables := map[explain.Decider]string{
		explain.Guard:        table(guard.Reasons),
		explain.Registration: table(registration.Outcomes),
		explain.Tokens:       table(oauth.Outcomes),
		explain.Managed:      table(registration.ManagedOutcomes),
	}
	require.Len(t, tables, len(explain.Deciders))
	for decider, want := range tables {
		begins := fmt.Sprintf("<!-- %s: written by go test ./tests/explain -run TestThePage -update -->\n", decider)
		ends := fmt.Sprintf("<!-- end of %s -->\n", decider)
		before, rest, found := strings.Cut(text, begins)
		require.True(t, found, "the page has no table of the reasons of %s", decider)
		got, after, found := strings.Cut(rest, ends)
		require.True(t, found, "the table of the reasons of %s has no end", decider)
		if *update {
			text = before + begins + want + ends + after
			continue
		}
		assert.Equal(t, want, got, "run go test ./tests/explain -run TestThePage -update")
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
	}
}
