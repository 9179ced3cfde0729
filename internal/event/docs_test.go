package event

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var fieldLine = regexp.MustCompile("(?m)^- `([a-z_]+)`: ")

func TestThePageDescribesTheEventsThatThereAre(t *testing.T) {
	content, err := os.ReadFile("../../docs/events.md")
	require.NoError(t, err)
	described := map[Name][]string{}
	for _, section := range strings.Split(string(content), "\n### ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		body, _, _ = strings.Cut(body, "\n## ")
		name := Name(strings.Trim(heading, "`"))
		described[name] = []string{}
		for _, line := range fieldLine.FindAllStringSubmatch(body, -1) {
			described[name] = append(described[name], line[1])
		}
		assert.Contains(t, body, "\nWhat to do: ", "%s", name)
	}
	assert.Equal(t, Fields, described)
	assert.Len(t, Fields, len(Names))
	for _, name := range Names {
		assert.Contains(t, Fields, name)
		// Caddy lowers the names, and operators write them into Caddyfiles.
		assert.Regexp(t, `^[a-z_]+$`, string(name))
	}
}
