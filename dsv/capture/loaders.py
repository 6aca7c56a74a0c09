"""Environment variables that make a program load or run something before its own first line.

A record, which may be a stranger's, may name them. In a replay they are set behind the walls, for the command alone. A
command that is run without walls does not get them from a record that is not its user's own.
"""

import re

_NAMES = re.compile(
    r"LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|NLSPATH|GLIBC_TUNABLES|MALLOC_.*"  # the loader and the C library
    r"|PYTHON(STARTUP|HOME|INSPECT|BREAKPOINT|WARNINGS|USERBASE|EXECUTABLE|PLATLIBDIR|PYCACHEPREFIX|PATH)"
    r"|BASH_ENV|ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|IFS|ZDOTDIR|FPATH|CDPATH"
    r"|PERL5(OPT|LIB|DB|SHELL)|PERLLIB|RUBY(OPT|LIB|SHELL)|GEM_(PATH|HOME)|BUNDLE_GEMFILE"
    r"|NODE_(OPTIONS|PATH)|NPM_CONFIG_.*|DENO_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH"
    r"|MAVEN_OPTS|GRADLE_OPTS|R_(PROFILE|ENVIRON|LIBS|HOME|DEFAULT_PACKAGES).*|JULIA_(LOAD_PATH|DEPOT_PATH|PROJECT)"
    r"|LUA_(INIT|PATH|CPATH).*|PHP(RC|_INI_SCAN_DIR)|TCLLIBPATH|GUILE_LOAD_.*|ERL_(FLAGS|AFLAGS|ZFLAGS|LIBS)"
    r"|DOTNET_STARTUP_HOOKS|CORECLR_.*|COR_.*|GIT_.*|SSH_ASKPASS|MAKEFLAGS|GNUMAKEFLAGS|MAKEFILES"
    r"|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|BROWSER|PATH|OPENSSL_(CONF|MODULES|ENGINES)|GIO_.*|GTK_MODULES"
    r"|QT_PLUGIN_PATH|SPARK_.*|PYSPARK_.*|CUDA_INJECTION.*|OCL_ICD_.*|VK_.*",
    re.IGNORECASE,
)


def is_loader(name: str) -> bool:
    """Whether the variable `name` makes programs load or run something of its own accord."""
    return _NAMES.fullmatch(name) is not None
