# An app on that base image: it adds itself, and says that the shim starts it.
#
#     dotnet publish --self-contained -o app
#     docker build -t myapp -f app.Dockerfile app
ARG BASE=runtime-deps-shim
FROM $BASE
WORKDIR /app
COPY . .
# Both lines or neither. Root is for the shim alone, which gives it away; where the base image names
# no user, as the Debian and Ubuntu ones do not, USER root changes nothing and may be left out.
USER root
ENTRYPOINT ["/shim", "./aspnetapp"]
# An ENTRYPOINT takes the place of the base image's and resets its CMD. The chiseled and composite
# images of .NET have both, ENTRYPOINT ["/usr/bin/dotnet"] and CMD ["--info"]; an app of theirs that is
# a .dll is named in full: ENTRYPOINT ["/shim", "dotnet", "aspnetapp.dll"].
