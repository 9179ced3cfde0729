package caddymodule

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/contract"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// conformanceLimit bounds a run, throttled requests included.
const conformanceLimit = 5 * time.Minute

func conformanceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "conformance <url>", Short: "Checks from outside whether a gateway keeps its contract with clients",
		Long: `
Talks to the client endpoints of a running gateway as its clients do, through
whatever stands in front of it, and says for each demand of the contract
whether it is met: the Adobe-compatible endpoints, the metadata, the keys, and
the endpoints of the RFCs. The URL is that of the issuer.

It needs a software statement: from a file, or one that is issued for --app
through the admin API, and then what was registered is revoked at the end.

The exit status is 0 when everything passed, and 1 when something failed.`,
		Example: "  caddy dcr conformance https://sp.example.com --app 897029da-2b35-429e-ad45-6f6bf5de7a95\n" +
			"  caddy dcr conformance https://sp.example.com --statement - < statement.jwt",
		Args: arguments("the URL of the issuer"), RunE: action(runConformance),
	}
	flags := cmd.Flags()
	flags.String("statement", "", "File with a software statement, or - to read it from standard input")
	flags.String("app", "", "Application to issue a statement for, through the admin API")
	flags.StringSlice("profile", []string{string(contract.Adobe), string(contract.Standards)}, "What to check: adobe, standards (repeatable)")
	flags.Bool("insecure", false, "Take any TLS certificate")
	completeFlag(cmd, "profile", profileWords)
	_ = cmd.RegisterFlagCompletionFunc("app", completeApplications)
	byFlag(cmd)
	return cmd
}

func runConformance(c *call) error {
	issuer, err := url.Parse(c.args[0])
	if err != nil || issuer.Host == "" || issuer.Scheme != "http" && issuer.Scheme != "https" {
		return usage(fmt.Sprintf("got %q, want the URL of the issuer", c.args[0]), "such as https://sp.example.com")
	}
	o := contract.Options{Issuer: issuer, Client: &http.Client{
		Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, name := range c.list("profile") {
		if !slices.Contains(contract.Profiles, contract.Profile(name)) {
			return usage(fmt.Sprintf("--profile: got %q, want adobe or standards", name), "")
		}
		o.Profiles = append(o.Profiles, contract.Profile(name))
	}
	if c.flag("insecure") {
		o.Client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // it was asked for
	}
	app := c.text("app")
	if (app == "") == (c.text("statement") == "") {
		return usage("one of --statement and --app is wanted", "usage: "+c.cmd.UseLine())
	}
	if o.Statement, err = c.statementFor(app); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), conformanceLimit)
	defer cancel()
	report := contract.Check(ctx, o)
	if app != "" {
		c.revokeAll(&report)
	}
	if c.answer, err = json.Marshal(report); err != nil {
		return err
	}
	c.show(func(w io.Writer) { printContract(w, report) })
	if len(report.Clients) > 0 && !c.flag("json") {
		c.note("still registered: %s", strings.Join(report.Clients, ", "))
	}
	if report.Failed > 0 {
		return failed("", "") // all was said
	}
	return nil
}

// statementFor reads a statement, or has one issued.
func (c *call) statementFor(app string) (string, error) {
	if app == "" {
		return c.credential(c.text("statement"), "software statement")
	}
	id, err := uuidArgument("app", app)
	if err != nil {
		return "", err
	}
	var issued management.IssuedStatement
	err = c.ask("POST", "/applications/"+id+"/statements", issueRequest{By: c.by()}, &issued)
	return issued.JWT, err
}

// revokeAll revokes what was registered; what could not be stays in the report.
func (c *call) revokeAll(report *contract.Report) {
	report.Clients = slices.DeleteFunc(report.Clients, func(id string) bool {
		var result management.Revocation
		return c.ask("POST", "/kills", killRequest{
			KillOrder: management.KillOrder{Kind: string(revocation.Client), ID: id, Reason: "registered by caddy dcr conformance"}, By: c.by(),
		}, &result) == nil
	})
}

func printContract(w io.Writer, report contract.Report) {
	section := ""
	for _, r := range report.Checks {
		if r.Section != section {
			section = r.Section
			fmt.Fprintln(w, section)
		}
		mark := "pass"
		if !r.Passed {
			mark = "FAIL"
		}
		fmt.Fprintf(w, "  %s  %s\n", mark, r.Check)
		if r.Why != "" {
			for _, line := range wrap(r.Why, 72) {
				fmt.Fprintln(w, "        "+line)
			}
		}
	}
	fmt.Fprintf(w, "%s: %d passed, %d failed\n", clean(report.Issuer), report.Passed, report.Failed)
}
