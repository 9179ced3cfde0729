package harness

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// Config is what a test says about the gateway that it wants. The zero value
// has the embedded store and a site that holds nothing but the issuer.
type Config struct {
	// Store is the argument of the `store` option, such as "redis
	// redis://127.0.0.1:6379"; empty is bbolt in the gateway's own folder.
	Store string
	// Options are further lines of the global `dcr` block.
	Options string
	// Global are further lines of the global options, beside the dcr block.
	Global string
	// Site are the lines of the one site; empty is `dcr_issuer`.
	Site string
	// Caddyfile replaces the whole file. {HTTP} and {ADMIN} in it become the
	// ports, {DIR} the gateway's own folder.
	Caddyfile string
}

const template = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	log {
		format filter {
			wrap json
			fields {
				request dcr_secrets
				headers dcr_secrets
				resp_headers dcr_secrets
				error dcr_secrets
			}
		}
	}
	{GLOBAL}
	dcr {
		issuer http://127.0.0.1:{HTTP}
		store {STORE}
		allow_http
		{OPTIONS}
	}
}

http://127.0.0.1:{HTTP} {
	log
	{SITE}
}
`

// Gateway is a running Caddy with the module in it.
type Gateway struct {
	// URL is the site's origin, Admin the address of the admin endpoint.
	URL, Admin string
	// Dir is the gateway's own folder: state, storage, log and Caddyfile.
	Dir string

	tb      testing.TB
	server  string // the binary that serves
	binary  string // the one for commands
	command *exec.Cmd
	done    chan error
	// reloaded is when the last reload ended, in Unix milliseconds.
	reloaded *atomic.Int64
}

// Start builds the gateway, writes its Caddyfile, starts it, waits until it
// answers, and stops it when the test ends. A test that fails gets its log.
func Start(tb testing.TB, config Config) *Gateway {
	tb.Helper()
	g := Prepare(tb, config)
	g.Run()
	return g
}

// Prepare is Start without starting: Run does that.
func Prepare(tb testing.TB, config Config) *Gateway {
	tb.Helper()
	site, admin := FreePort(tb), FreePort(tb)
	g := &Gateway{
		URL:    fmt.Sprintf("http://127.0.0.1:%d", site),
		Admin:  fmt.Sprintf("localhost:%d", admin),
		Dir:    tb.TempDir(),
		tb:     tb,
		server: server(tb),
		binary: Binary(tb),

		reloaded: new(atomic.Int64),
	}
	g.Configure(config)
	tb.Cleanup(func() {
		g.Stop()
		for _, trouble := range []string{"WARNING: DATA RACE", "panic: ", "http: panic serving"} {
			if strings.Contains(g.Log(), trouble) {
				tb.Errorf("the gateway's log holds %q", trouble)
			}
		}
		if tb.Failed() {
			tb.Logf("log of the gateway at %s:\n%s", g.URL, g.Log())
		}
	})
	return g
}

// Configure writes the Caddyfile anew; a running gateway does not notice.
func (g *Gateway) Configure(config Config) {
	g.tb.Helper()
	text := config.Caddyfile
	if text == "" {
		text = strings.NewReplacer(
			"{STORE}", orElse(config.Store, "bolt {DIR}/dcr"),
			"{OPTIONS}", config.Options,
			"{GLOBAL}", config.Global,
			"{SITE}", orElse(config.Site, "dcr_issuer"),
		).Replace(template)
	}
	text = strings.NewReplacer(
		"{HTTP}", g.URL[strings.LastIndex(g.URL, ":")+1:],
		"{ADMIN}", g.Admin[strings.LastIndex(g.Admin, ":")+1:],
		"{DIR}", g.Dir,
	).Replace(text)
	if err := os.WriteFile(g.Caddyfile(), []byte(text), 0o600); err != nil {
		g.tb.Fatal(err)
	}
}

// Caddyfile is the path of the configuration.
func (g *Gateway) Caddyfile() string { return filepath.Join(g.Dir, "Caddyfile") }

// Run starts the process and waits until it answers.
func (g *Gateway) Run() {
	g.tb.Helper()
	g.Launch()
	Eventually(g.tb, "for the gateway to answer", func() bool {
		select {
		case err := <-g.done:
			g.command = nil
			g.tb.Fatalf("the gateway ended while starting: %v\n%s", err, g.Log())
		default:
		}
		response, err := http.Get("http://" + g.Admin + "/config/")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// Launch starts the process and waits for nothing.
func (g *Gateway) Launch() {
	g.tb.Helper()
	log, err := os.OpenFile(g.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		g.tb.Fatal(err)
	}
	defer log.Close()
	command := exec.Command(g.server, "run", "--config", g.Caddyfile(), "--adapter", "caddyfile")
	command.Env = g.environment()
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		g.tb.Fatalf("starting the gateway: %v", err)
	}
	g.command = command
	g.done = make(chan error, 1)
	go func(done chan<- error) { done <- command.Wait() }(g.done)
}

// Stop asks the process to end, as a service manager would, and waits.
func (g *Gateway) Stop() { g.end(syscall.SIGTERM) }

// Kill ends the process as a crash would.
func (g *Gateway) Kill() { g.end(syscall.SIGKILL) }

// Reload has the running gateway take up its Caddyfile, and answers what the
// command said.
func (g *Gateway) Reload() Result {
	g.tb.Helper()
	defer g.Reloaded()
	return g.Caddy("reload", "--config", g.Caddyfile(), "--adapter", "caddyfile", "--address", g.Admin)
}

// PID is the process's id; zero when none runs.
func (g *Gateway) PID() int {
	if g.command == nil {
		return 0
	}
	return g.command.Process.Pid
}

// Log is everything that the gateway has printed.
func (g *Gateway) Log() string {
	text, err := os.ReadFile(g.logFile())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (g *Gateway) end(signal os.Signal) {
	if g.command == nil {
		return
	}
	// An error says that the process has ended already, which Wait reports.
	_ = g.command.Process.Signal(signal)
	<-g.done
	g.command = nil
}

func (g *Gateway) logFile() string { return filepath.Join(g.Dir, "gateway.log") }

// environment keeps Caddy's autosave and certificates out of the user's home.
func (g *Gateway) environment() []string {
	return append(os.Environ(), "HOME="+g.Dir, "XDG_DATA_HOME="+g.Dir, "XDG_CONFIG_HOME="+g.Dir)
}

func orElse(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
