# An app on that base image: it adds itself, and no USER.
#
#     dotnet publish --self-contained -o app
#     docker build -t myapp -f app.Dockerfile app
#
# The program is the CMD: it is what the shim of the base image starts. An ENTRYPOINT here would
# take the shim's place, and the app would run as root.
ARG BASE=runtime-deps-shim
FROM $BASE
WORKDIR /app
COPY . .
CMD ["./aspnetapp"]
