package architecture

import (
	"flag"
	"fmt"
	"go/doc"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the table of rooms instead of comparing it")

// The table of rooms stands between these two lines of the guide.
const (
	guide      = "docs/development.md"
	tableBegin = "<!-- rooms: written by make docs from the package comments -->"
	tableEnd   = "<!-- end of rooms -->"
)

// purpose is the first paragraph of the room's package comment, as one line.
// It fails the test unless exactly one file of the room carries a comment.
func purpose(t *testing.T, room string, files []source) string {
	t.Helper()
	var comments []string
	for _, file := range files {
		if file.room == room && file.tree.Doc != nil {
			comments = append(comments, file.tree.Doc.Text())
		}
	}
	if !assert.Len(t, comments, 1, "%s: one file of a package carries its comment", room) {
		return ""
	}
	first, _, _ := strings.Cut(comments[0], "\n\n")
	return strings.Join(strings.Fields(first), " ")
}

// A package whose purpose does not fit a sentence is two packages.
func TestEveryRoomSaysItsPurposeInOneSentence(t *testing.T) {
	files := sources(t)
	for _, room := range rooms(files) {
		text := purpose(t, room, files)
		if text == "" {
			continue
		}
		assert.Regexp(t, "^(Package|Command) [a-z0-9]+ ", text, room)
		assert.True(t, strings.HasSuffix(text, "."), "%s: %q is not a sentence", room, text)
		assert.Equal(t, text, new(doc.Package).Synopsis(text), "%s: the first paragraph is one sentence; the rest goes below an empty line", room)
	}
}

func TestTheTableOfRoomsIsCurrent(t *testing.T) {
	files := sources(t)
	var table strings.Builder
	table.WriteString("\n| room | purpose |\n|---|---|\n")
	for _, room := range rooms(files) {
		words := strings.SplitN(purpose(t, room, files), " ", 3)
		if len(words) == 3 {
			fmt.Fprintf(&table, "| `%s` | %s |\n", room, strings.ReplaceAll(words[2], "|", `\|`))
		}
	}
	table.WriteString("\n")

	name := filepath.Join(root, guide)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), tableBegin)
	require.True(t, found, "%s has lost the line %s", guide, tableBegin)
	current, after, found := strings.Cut(rest, tableEnd)
	require.True(t, found, "%s has lost the line %s", guide, tableEnd)
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(before+tableBegin+"\n"+table.String()+tableEnd+after), 0o644))
		return
	}
	assert.Equal(t, "\n"+table.String(), current, "run `make docs`")
}
