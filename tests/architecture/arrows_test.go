package architecture

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The libraries that the arrows are about.
const (
	caddy      = "github.com/caddyserver/caddy/v2"
	zap        = "go.uber.org/zap"
	redis      = "github.com/redis/go-redis/v9"
	bbolt      = "go.etcd.io/bbolt"
	prometheus = "github.com/prometheus/client_golang"
	jwt        = "github.com/golang-jwt/jwt/v5"
	libopenapi = "github.com/pb33f/libopenapi"
	validator  = "github.com/pb33f/libopenapi-validator"
)

// arrow says what the files of some rooms may import.
type arrow struct {
	// rooms are folders of the module; "/..." stands for all below as well.
	rooms, except []string
	// never lists what is banned. only, when not empty, lists what is allowed
	// beside the standard library. Both are import paths; "./" stands for the
	// module's own.
	never, only []string
	// tests says that test files are bound too.
	tests bool
	why   string
}

var arrows = []arrow{
	{
		rooms: []string{"plugins"},
		only:  []string{"./plugins"},
		why:   "the contract must compile for a stranger's guest module without dragging anything in",
	},
	{
		rooms:  []string{"plugins/..."},
		except: []string{"plugins", "plugins/redisstore", "plugins/boltstore", "plugins/storetest/..."},
		only:   []string{"./plugins", "./plugins/profilekit", caddy + "/...", zap},
		why:    "a profile gets no privilege that a stranger's lacks: the contract and Caddy are all that it sees",
	},
	{
		rooms: []string{"plugins/redisstore"},
		only:  []string{"./plugins", caddy + "/...", zap, redis + "/..."},
		why:   "a store gets no privilege that a stranger's lacks: the contract, Caddy and its own driver",
	},
	{
		rooms: []string{"plugins/boltstore"},
		only:  []string{"./plugins", caddy + "/...", zap, bbolt + "/..."},
		why:   "a store gets no privilege that a stranger's lacks: the contract, Caddy and its own driver",
	},
	{
		rooms: []string{"plugins/..."},
		never: []string{"./internal/...", "./caddymodule/..."},
		tests: true,
		why:   "a guest stands on the contract alone, else nobody elsewhere could write one",
	},
	{
		rooms: []string{"internal/..."},
		never: []string{caddy + "/...", redis + "/...", bbolt + "/..."},
		tests: true,
		why:   "the protocol is testable without a host or a server, and outlives both",
	},
	{
		rooms:  []string{"internal/..."},
		except: []string{"internal/metrics"},
		never:  []string{prometheus + "/..."},
		tests:  true,
		why:    "what is counted is said in one room, so that labels stay bounded",
	},
	{
		rooms: []string{"internal/..."},
		never: []string{
			"./caddymodule/...", "./plugins/boltstore", "./plugins/redisstore", "./plugins/profilekit",
			"./plugins/temppass", "./plugins/degradation", "./plugins/proxymvpd", "./plugins/esm",
			"./plugins/restv1", "./plugins/restv2", "./plugins/sdk",
		},
		why: "the protocol knows the contract of its guests, and none of the guests; its tests may use a real store",
	},
	{
		rooms:  []string{"caddymodule/...", "internal/...", "plugins/..."},
		except: []string{"internal/jws"},
		never:  []string{jwt + "/..."},
		why:    "one package speaks JOSE, because a second copy of the strict reading around it would drift (docs/adr/0002)",
	},
	{
		rooms: []string{"caddymodule/...", "internal/...", "plugins/..."},
		never: []string{libopenapi + "/...", validator + "/..."},
		why:   "the document of the management API is read and judged by tests: the gateway hands it out as it is",
	},
	{
		rooms: []string{"internal/guard", "internal/scope", "internal/access"},
		never: []string{"net/...", "os/...", "io/...", "crypto/rand", "math/rand/...", "log/..."},
		why:   "facts in, decision out: a decision that reads the world cannot be shown in a table",
	},
	{
		rooms:  []string{"internal/...", "plugins/...", "caddymodule/..."},
		except: []string{"caddymodule/cmd/..."},
		never:  []string{"./caddymodule"},
		why:    "the host skin is the outermost room: only the program and the tests stand outside it",
	},
	{
		rooms: []string{"caddymodule/...", "internal/...", "plugins/..."},
		never: []string{"./tests/..."},
		tests: true,
		why:   "the tests in tests/ look at the house from outside",
	},
}

func TestEveryImportFollowsTheArrows(t *testing.T) {
	for _, file := range sources(t) {
		for _, a := range arrows {
			if file.test && !a.tests || !matches(file.room, a.rooms) || matches(file.room, a.except) {
				continue
			}
			for _, imported := range file.imports {
				own := strings.Replace(imported, module, ".", 1)
				banned := matches(own, a.never) ||
					len(a.only) > 0 && !inStandardLibrary(imported) && !matches(own, a.only)
				assert.False(t, banned, "%s imports %s: %s", file.path, imported, a.why)
			}
		}
	}
}

// A rule about a package that has gone guards nothing, and nobody notices.
func TestEveryNameInTheArrowsStillExists(t *testing.T) {
	houses := rooms(sources(t))
	required := requirements(t)
	goroot := run(t, "go", "env", "GOROOT")
	for _, a := range arrows {
		for _, room := range slices.Concat(a.rooms, a.except) {
			assert.True(t, roomExists(room, houses), "no room %s any more: change the rule that says %q", room, a.why)
		}
		for _, name := range slices.Concat(a.never, a.only) {
			trimmed := strings.TrimSuffix(name, "/...")
			switch own, ours := strings.CutPrefix(trimmed, "./"); {
			case ours:
				assert.True(t, roomExists(own+"/...", houses), "no room %s any more: change the rule that says %q", own, a.why)
			case inStandardLibrary(trimmed):
				assert.DirExists(t, filepath.Join(goroot, "src", trimmed), "change the rule that says %q", a.why)
			default:
				known := slices.ContainsFunc(required, func(m string) bool { return matches(trimmed, []string{m + "/..."}) })
				assert.True(t, known, "go.mod knows no %s any more: change the rule that says %q", trimmed, a.why)
			}
		}
	}
}

// Reading the clock is calling a function, which no import ban can see.
func TestPureRoomsDoNotReadTheClock(t *testing.T) {
	clock := []string{"time.Now", "time.Since", "time.Until", "time.After", "time.Sleep", "time.NewTimer", "time.NewTicker"}
	for _, file := range sources(t) {
		if file.test || !slices.Contains([]string{"internal/guard", "internal/scope", "internal/access"}, file.room) {
			continue
		}
		for _, call := range selectors(file) {
			assert.NotContains(t, clock, call, "%s: a decision gets the time as a fact", file.path)
		}
	}
}

func roomExists(pattern string, houses []string) bool {
	return slices.ContainsFunc(houses, func(room string) bool { return matches(room, []string{pattern}) })
}

// inStandardLibrary goes by the rule of the go command: only paths outside the
// standard library have a dot in their first element.
func inStandardLibrary(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// manifest is the part of go.mod that the tests look at.
type manifest struct {
	Require []struct{ Path string }
	Replace []json.RawMessage
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	var read manifest
	require.NoError(t, json.Unmarshal([]byte(run(t, "go", "mod", "edit", "-json", filepath.Join(root, "go.mod"))), &read))
	return read
}

// run answers what the command prints, without the last line's end.
func run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	require.NoError(t, err, "%s %s", name, strings.Join(arguments, " "))
	return strings.TrimSpace(string(output))
}

func requirements(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, r := range readManifest(t).Require {
		paths = append(paths, r.Path)
	}
	return paths
}
