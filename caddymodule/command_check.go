package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

const checkLong = `
By the code that decides about real requests, on the running gateway. Nothing
reaches a backend, nothing is counted, and limits are neither asked nor used
up. The exit status is 0 if it would be let through, 1 if not, and 2 if the
command was not written right.`

func checkRequestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check-request <method> <path>", Short: "Says what the guards would do with a request, and why",
		Long: "\nTries a request out at the guards that claim its path, which is that which the\nguard sees." + checkLong,
		Example: "  caddy dcr check-request GET /api/v2/REF30/configuration --token token.txt\n" +
			"  caddy dcr check-request POST /adobe-services/session --data requestor_id=REF30 --token -",
		Args: arguments("the method", "the path"),
		RunE: action(checkOneRequest),
	}
	flags := cmd.Flags()
	flags.String("token", "", "File with the access token to send, or - to read it from standard input")
	flags.StringArray("header", nil, "Header line to send, such as 'Accept: text/csv' (repeatable)")
	flags.String("data", "", "Form to send as the body")
	flags.String("from", "", "IP address that the request comes from")
	flags.String("host", "", "Host that the request is for")
	flags.String("profile", "", "Only the guards of this API")
	return cmd
}

func checkOneRequest(c *call) error {
	headers, _ := c.cmd.Flags().GetStringArray("header")
	q := management.RequestTrial{
		Method: c.args[0], Path: c.args[1], Host: c.text("host"), Headers: headers, Body: c.text("data"),
		From: c.text("from"), Profile: c.text("profile"),
	}
	if file := c.text("token"); file != "" {
		var err error
		if q.Token, err = c.credential(file, "access token"); err != nil {
			return err
		}
	}
	return c.try("/check/request", q)
}

// judgeTokenCommand stands among the checks, and, as inspect, below token.
func judgeTokenCommand(name string) *cobra.Command {
	path := name
	if name == "inspect" {
		path = "token inspect"
	}
	return &cobra.Command{
		Use: name + " (<file> | -)", Short: "Says what an access token is worth, and why",
		Long:    "\nJudges an access token by itself, whatever it would be sent for." + checkLong,
		Example: "  caddy dcr " + path + " - < token.txt",
		Args:    arguments("the file with the access token, or - to read it"),
		RunE: action(func(c *call) error {
			token, err := c.credential(c.args[0], "access token")
			if err != nil {
				return err
			}
			return c.try("/check/token", tokenRequest{Token: token})
		}),
	}
}

func checkStatementCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check-statement (<file> | -)", Short: "Says whether a software statement would register a client, and why",
		Long:    "\nJudges a software statement as a registration would." + checkLong,
		Example: "  caddy dcr check-statement statement.jwt --platform Roku",
		Args:    arguments("the file with the software statement, or - to read it"),
		RunE: action(func(c *call) error {
			statement, err := c.credential(c.args[0], "software statement")
			if err != nil {
				return err
			}
			uris, _ := c.cmd.Flags().GetStringArray("redirect-uri")
			return c.try("/check/statement", management.StatementTrial{
				Statement: statement, RedirectURIs: uris, Platform: c.text("platform"),
			})
		}),
	}
	cmd.Flags().StringArray("redirect-uri", nil, "Redirect URI to register (repeatable)")
	cmd.Flags().String("platform", "", "Platform of the device")
	completeFlag(cmd, "platform", platformWords)
	return cmd
}

// credential reads what must not stand on a command line, where the shell's
// history and every process can see it.
func (c *call) credential(file, what string) (string, error) {
	var text string
	var err error
	if file == "-" {
		text, err = c.read(c.cmd.InOrStdin())
	} else {
		var f *os.File
		if f, err = os.Open(file); err == nil {
			defer f.Close()
			text, err = c.read(f)
		}
	}
	if err != nil {
		// Somebody may have written the credential itself.
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return "", usage(fmt.Sprintf("reading the %s: %v", what, err), "name a file, or - for standard input")
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", usage("the "+what+" is empty", "usage: "+c.cmd.UseLine())
	}
	return text, nil
}

func (*call) read(from io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(from, adminBodyLimit))
	return string(text), err
}

// try asks what would come of something, and shows it.
func (c *call) try(path string, q any) error {
	var trial management.Trial
	if err := c.ask("POST", path, q, &trial); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		for i := range trial.Results {
			if i > 0 {
				fmt.Fprintln(w)
			}
			printExplanation(w, &trial.Results[i])
		}
	})
	if !trial.Allowed {
		return failed("", "") // all was said
	}
	return nil
}
