package architecture

import (
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// promises is the page that says what must be true and which tests show it.
const promises = "docs/requirements.md"

// families are the letters of the requirements, each with its last number. A
// requirement that is dropped needs a change here, and so a reason.
var families = []struct {
	letter string
	last   int
}{
	{"J", 8},  // JSON Web Signatures
	{"R", 8},  // registration
	{"T", 9},  // the token endpoint
	{"P", 12}, // protected requests
	{"S", 7},  // state and platform
}

// pending are the requirements that no row shows yet.
var pending = []string{}

// promise is one row of the page.
type promise struct {
	id, text, source string
	// tests are those that show it, as "folder TestName".
	tests []string
}

func TestEveryRequirementIsShownByATestThatExists(t *testing.T) {
	existing := testNames(sources(t))
	shown := map[string]bool{}
	for _, row := range readPromises(t) {
		assert.False(t, shown[row.id], "%s stands in %s twice", row.id, promises)
		shown[row.id] = true
		assert.NotEmpty(t, row.text, "%s does not say what must be true", row.id)
		assert.NotEmpty(t, row.source, "%s does not say where it comes from", row.id)
		assert.NotEmpty(t, row.tests, "no test shows %s", row.id)
		for _, name := range row.tests {
			assert.True(t, existing[name], "%s: there is no test %q", row.id, name)
		}
		sorted := slices.Clone(row.tests)
		slices.Sort(sorted)
		assert.Len(t, slices.Compact(sorted), len(row.tests), "%s names a test twice", row.id)
	}
	for _, id := range requirementIDs() {
		if slices.Contains(pending, id) {
			assert.False(t, shown[id], "%s is shown: take it off the list of pending ones", id)
			continue
		}
		assert.True(t, shown[id], "%s has lost %s", promises, id)
		delete(shown, id)
	}
	assert.Empty(t, shown, "%s has rows of no family", promises)
}

func requirementIDs() []string {
	var ids []string
	for _, family := range families {
		for n := 1; n <= family.last; n++ {
			ids = append(ids, fmt.Sprintf("%s%d", family.letter, n))
		}
	}
	return ids
}

var (
	// promiseRow is a row of the page's tables: an id in its first cell.
	promiseRow = regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \| (.*) \| (.*) \| (.*) \|$`)
	// testsOfFolder are the tests of one folder, as the last cell lists them.
	testsOfFolder = regexp.MustCompile("^`([a-z0-9/]+)` ([A-Za-z0-9_]+(?:, [A-Za-z0-9_]+)*)$")
)

func readPromises(t *testing.T) []promise {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, promises))
	require.NoError(t, err)
	rows := promiseRow.FindAllStringSubmatch(string(text), -1)
	// A row that the expression does not take would be a promise that nobody
	// checks.
	lines := strings.Count(string(text), "\n| ") - strings.Count(string(text), "\n| id | ")
	require.Len(t, rows, lines, "%s: a row has not four cells, or no id", promises)
	var found []promise
	for _, row := range rows {
		p := promise{id: row[1], text: row[2], source: row[3]}
		for folder := range strings.SplitSeq(row[4], "; ") {
			listed := testsOfFolder.FindStringSubmatch(folder)
			if !assert.NotNil(t, listed, "%s: %q is not a folder in backticks and its tests", p.id, folder) {
				continue
			}
			for name := range strings.SplitSeq(listed[2], ", ") {
				p.tests = append(p.tests, listed[1]+" "+name)
			}
		}
		found = append(found, p)
	}
	return found
}

// testNames holds "folder TestName" of every test and fuzz target.
func testNames(files []source) map[string]bool {
	names := map[string]bool{}
	for _, file := range files {
		if !file.test {
			continue
		}
		for _, declaration := range file.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if ok && function.Recv == nil && (strings.HasPrefix(function.Name.Name, "Test") || strings.HasPrefix(function.Name.Name, "Fuzz")) {
				names[file.room+" "+function.Name.Name] = true
			}
		}
	}
	return names
}
