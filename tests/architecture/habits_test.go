package architecture

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// longestFile is where a file has more than one concern, whatever its name.
const longestFile = 400

// topLevel is all that the top folder holds.
var topLevel = []string{
	".ci", ".gitignore", ".golangci.yml", "CHANGELOG.md", "CONTRIBUTING.md", "Caddyfile.example",
	"LICENSE", "Makefile", "README.md", "SECURITY.md", "caddymodule", "docs", "go.mod", "go.sum",
	"internal", "plugins", "scripts", "tests", "xcaddy.md",
}

func TestTheTopFolderHoldsWhatItAlwaysHolds(t *testing.T) {
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	var found []string
	for _, entry := range entries {
		if !slices.Contains(built, entry.Name()) {
			found = append(found, entry.Name())
		}
	}
	assert.ElementsMatch(t, topLevel, found, "a new thing at the top needs a reason, and a line in this test")
}

func TestNoFileHoldsMoreThanOneConcern(t *testing.T) {
	for _, file := range sources(t) {
		if !file.test {
			assert.LessOrEqual(t, file.lines, longestFile, "%s: split it by concern", file.path)
		}
	}
}

// A test that is skipped reads as one that passed.
func TestNothingIsSkipped(t *testing.T) {
	holders := []string{"t", "b", "f", "tb"}
	for _, file := range sources(t) {
		for _, selector := range selectors(file) {
			holder, method, _ := strings.Cut(selector, ".")
			skips := slices.Contains(holders, holder) && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method)
			assert.False(t, skips, "%s calls %s: install what is missing, or fail", file.path, selector)
			assert.NotEqual(t, "testing.Short", selector, "%s: a short run hides what it leaves out", file.path)
		}
	}
}

// Fuzzing that begins with nothing takes hours to come to where a seed begins.
func TestEveryFuzzTargetHasASeed(t *testing.T) {
	for _, file := range sources(t) {
		for _, declared := range file.tree.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok || !file.test || !strings.HasPrefix(function.Name.Name, "Fuzz") {
				continue
			}
			corpus, err := filepath.Glob(filepath.Join(root, file.room, "testdata", "fuzz", function.Name.Name, "*"))
			require.NoError(t, err)
			adds := false
			ast.Inspect(function, func(node ast.Node) bool {
				selector, ok := node.(*ast.SelectorExpr)
				adds = adds || ok && selector.Sel.Name == "Add"
				return true
			})
			assert.True(t, adds || len(corpus) > 2, "%s: %s has no seeds; put one file for each known trick under testdata/fuzz", file.path, function.Name.Name)
		}
	}
}

// A replaced module builds here and nowhere else: xcaddy ignores it.
func TestTheModuleReplacesNothing(t *testing.T) {
	assert.Empty(t, readManifest(t).Replace, "go.mod holds a replace directive")
}

// selectors lists every "name.Name" in the file.
func selectors(file source) []string {
	var found []string
	ast.Inspect(file.tree, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if holder, ok := selector.X.(*ast.Ident); ok {
				found = append(found, holder.Name+"."+selector.Sel.Name)
			}
		}
		return true
	})
	return found
}
