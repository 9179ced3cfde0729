package kills

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Every command of the guide does what it says, in its order, with what each
// section takes for granted.
func TestTheCommandsOfTheGuideWork(t *testing.T) {
	t.Parallel()
	w := fleetOfTwo(t)
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "revocation.md"))
	require.NoError(t, err)
	ran := 0
	for section := range strings.SplitSeq(string(text), "\n#") {
		title, _, _ := strings.Cut(strings.TrimLeft(section, "# "), "\n")
		blocks := console.FindAllStringSubmatch(section, -1)
		if len(blocks) == 0 {
			continue
		}
		t.Run(title, func(t *testing.T) {
			setting := w.setting(t)
			for _, block := range blocks {
				ran += w.play(t, setting, block[1])
			}
		})
	}
	assert.Greater(t, ran, 20)
}

var console = regexp.MustCompile("(?s)```console\n(.*?)```")

// setting makes what the commands of a section name, as the assignments of a
// shell, and its files.
func (w *world) setting(t *testing.T) string {
	t.Helper()
	application := w.first().CreateApp(app())
	statement, partners := w.issue(t, application), w.partner.issue(t, application)
	client := w.first().Register(statement)
	for name, text := range map[string]string{"statement.jwt": statement, "partner.jwt": partners} {
		require.NoError(t, os.WriteFile(filepath.Join(w.first().Dir, name), []byte(text), 0o600))
	}
	inspected := ask[management.Inspection](t, w.first(), "statement", "inspect", partners)
	return fmt.Sprintf("set -e\nAPP=%s STATEMENT=%s CLIENT=%s TOKEN=%s KEY=%s PARTNER_STATEMENT=%s PARTNER_KEY=%s\n",
		application, idOf(t, statement), client.ClientID, w.first().Token(client).ID, keyOf(t, statement),
		inspected.StatementID, w.partner.key.Thumbprint())
}

// play runs the commands of a block, and compares what they print with what
// the block shows, if it does. It answers how many there were.
func (w *world) play(t *testing.T, setting, block string) int {
	t.Helper()
	var commands []string
	shown := ""
	for line := range strings.Lines(block) {
		if command, is := strings.CutPrefix(line, "$ "); is {
			commands = append(commands, command)
		} else {
			shown += line
		}
	}
	script := exec.Command("bash", "-c", fmt.Sprintf("caddy() { local group=$1; shift; %q \"$group\" --address %s \"$@\"; }\n", harness.Binary(t), w.first().Admin)+
		setting+strings.Join(commands, ""))
	script.Dir = w.first().Dir
	output, err := script.Output()
	require.NoError(t, err, "%s\n%s", block, output)
	if shown != "" {
		assert.Equal(t, general(shown), general(string(output)))
	}
	return len(commands)
}

var particulars = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9.]+ ms|[0-9-]+ [0-9:]+ UTC|\S+@\S+`)

// general leaves out what differs from day to day.
func general(text string) string { return particulars.ReplaceAllString(text, "…") }
