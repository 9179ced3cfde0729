package caddymodule

import (
	"errors"
	"fmt"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// commandError ends a command: with what it says, if it says something, and
// an exit status.
type commandError struct {
	status        int
	message, hint string
	// conflicts are what the gateway found wrong with several things.
	conflicts []management.Conflict
}

func (e *commandError) Error() string { return e.message }

// usage is a command that was not written right.
func usage(message, hint string) error {
	return &commandError{status: exitUsage, message: message, hint: hint}
}

// failed is a command that could not be carried out.
func failed(message, hint string) error {
	return &commandError{status: exitFailed, message: message, hint: hint}
}

// ofFile is for what was wrong in a file, and not in the command that names it.
func ofFile(err error) error {
	var end *commandError
	if errors.As(err, &end) && end.status == exitUsage {
		end.status = exitFailed
	}
	return err
}

// conclude prints what went wrong and turns it into what makes Caddy exit
// with the right status.
func conclude(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	var end *commandError
	if !errors.As(err, &end) {
		end = &commandError{status: exitFailed, message: err.Error()}
	}
	if end.status == exitUsage && end.hint == "" {
		end.hint = "see " + cmd.CommandPath() + " --help"
	}
	if end.message != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "error: "+clean(end.message))
	}
	if end.hint != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "hint:  "+clean(end.hint))
	}
	cmd.SilenceErrors = true
	if end.status == exitFailed {
		return end
	}
	// Caddy exits with another status than 1 for errors of a type that only
	// its own wrapper can make.
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return end.status, nil })(cmd, nil)
}

// arguments demands exactly the named arguments.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return conclude(cmd, usage("missing "+names[len(args)], "usage: "+cmd.UseLine()))
		case len(args) > len(names):
			return conclude(cmd, usage("too many arguments: "+args[len(names)], "usage: "+cmd.UseLine()))
		}
		return nil
	}
}

// asUsage makes a usage error of what the gateway would refuse as well.
func asUsage(err error) error {
	var fault *management.Error
	if !errors.As(err, &fault) {
		return err
	}
	return usage(fault.Error(), fault.Hint)
}

// uuidArgument reads an argument that has to be a UUID.
func uuidArgument(name, text string) (string, error) {
	id, err := management.ParseID(name, text)
	if err != nil {
		return "", asUsage(err)
	}
	return id.String(), nil
}
