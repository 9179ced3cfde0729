package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
)

// Result is what a command did.
type Result struct {
	Stdout, Stderr string
	Status         int
}

// Caddy runs the gateway's own binary with the arguments.
func (g *Gateway) Caddy(arguments ...string) Result { return g.CaddyWithInput("", arguments...) }

// CaddyWithInput is Caddy with something on the standard input.
func (g *Gateway) CaddyWithInput(input string, arguments ...string) Result {
	g.tb.Helper()
	command := exec.Command(g.binary, arguments...)
	command.Env = g.environment()
	command.Dir = g.Dir // not a folder with a Caddyfile of somebody else's
	command.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		g.tb.Fatalf("caddy %s: %v", strings.Join(arguments, " "), err)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Status: command.ProcessState.ExitCode()}
}

// DCR runs `caddy dcr` with the arguments against this gateway.
func (g *Gateway) DCR(arguments ...string) Result {
	g.tb.Helper()
	return g.Caddy(append([]string{"dcr", "--address", g.Admin}, arguments...)...)
}

// MustDCR is DCR for a command that the test takes for granted; it answers
// the standard output.
func (g *Gateway) MustDCR(arguments ...string) string {
	g.tb.Helper()
	result := g.DCR(arguments...)
	if result.Status != 0 {
		g.tb.Fatalf("caddy dcr %s: exit status %d\n%s%s", strings.Join(arguments, " "), result.Status, result.Stdout, result.Stderr)
	}
	return result.Stdout
}

// App describes an application to create. Empty lists are left out; no
// channel at all means all of them.
type App struct {
	ID, Programmer, Name, Version                             string
	Channels, Platforms, Domains, Schemes, Scopes, ProxyMVPDs []string
}

// CreateApp creates the application with the command line and answers its id.
func (g *Gateway) CreateApp(app App) string {
	g.tb.Helper()
	arguments := []string{
		"app", "create", "--json",
		"--programmer", orElse(app.Programmer, "Demo"),
		"--name", orElse(app.Name, "black box"),
		"--version", orElse(app.Version, "1.0"),
	}
	if app.ID != "" {
		arguments = append(arguments, "--id", app.ID)
	}
	if len(app.Channels) == 0 {
		arguments = append(arguments, "--all-channels")
	}
	for _, list := range []struct {
		flag   string
		values []string
	}{
		{"--channel", app.Channels},
		{"--platform", app.Platforms},
		{"--domain", app.Domains},
		{"--scheme", app.Schemes},
		{"--scope", app.Scopes},
		{"--proxy-mvpd", app.ProxyMVPDs},
	} {
		for _, value := range list.values {
			arguments = append(arguments, list.flag, value)
		}
	}
	var created struct {
		ID string `json:"id"`
	}
	output := g.MustDCR(arguments...)
	if err := json.Unmarshal([]byte(output), &created); err != nil || created.ID == "" {
		g.tb.Fatalf("app create: want JSON with an id, got %q (%v)", output, err)
	}
	return created.ID
}

// IssueStatement answers a fresh software statement of the application.
func (g *Gateway) IssueStatement(application string) string {
	g.tb.Helper()
	return strings.TrimSpace(g.MustDCR("statement", "issue", application))
}
